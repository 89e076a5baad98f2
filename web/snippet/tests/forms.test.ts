import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Site, call, hasBrowser, launch, loaded, visit } from './site';

const CARD = '4111 1111 1111 1111';

describe.skipIf(!hasBrowser())('forms and clicks', () => {
  let browser: Browser;
  let site: Site;
  beforeAll(async () => void (browser = await launch()));
  afterAll(() => browser?.close());
  beforeEach(async () => void (site = await visit(browser, { clock: true })));
  afterEach(() => site.close());

  async function open(content: string, attributes = '') {
    site.pages['/'] = site.tag(`data-consent="assumed" ${attributes}`) + content;
    await site.page.goto(site.origin);
    await loaded(site.page);
  }

  async function submit(content: string, act?: () => Promise<unknown>) {
    await open(content);
    await act?.();
    await site.page.click('button');
    await site.pass(2000);
    return site.collector.named('form_submitted');
  }

  const form = (fields: string, attributes = '') =>
    `<form id="f" onsubmit="return false" ${attributes}>${fields}<button name="b" value="pressed">Go</button></form>`;

  test('a form says its name and what was written', async () => {
    const [submitted, ...more] = await submit(form(`
      <input name="company" value="Capsulas SL"><textarea name="message">Hello</textarea>
      <select name="size"><option>10<option selected>50</select>
      <input type="checkbox" name="topic" value="price" checked><input type="checkbox" name="topic" value="demo" checked>
      <input type="checkbox" name="topic" value="jobs"><input type="checkbox" name="urgent" checked>
      <input type="radio" name="when" value="now" checked><input type="radio" name="when" value="later">
      <input name="empty"><input name="id" value="clobbers"><input name="__proto__" value="x"><input name="off" value="off" disabled>`, 'name="quote"'));
    expect(more).toEqual([]);
    const { form: name, fields } = submitted.properties;
    expect(name).toBe('quote');
    const { __proto__: proto, ...rest } = JSON.parse(JSON.stringify(fields));
    expect(rest).toEqual({
      company: 'Capsulas SL', message: 'Hello', size: '50', topic: ['price', 'demo'], urgent: true, when: 'now', id: 'clobbers',
    });
    expect(site.collector.named('identify')).toEqual([]);
  });

  test('a password never leaves the browser', async () => {
    const secret = 'hunter2-is-mine';
    await submit(
      form(`
        <input type="password" name="a" id="typed">
        <input type="password" name="b" id="shown" value="${secret}">
        <input type="password" name="c" id="replaced" value="${secret}">
        <input type="text" name="wachtwoord" autocomplete="current-password" value="${secret}">
        <label>Contraseña <input name="field_7" value="${secret}"></label>
        <input name="note" value="my password is ${secret}">
        <input type="hidden" name="csrf" value="${secret}">
        <my-password name="custom"></my-password>
        <input name="ok" value="fine"><input name="too" value="fine">`) +
        `<div id="host"></div><script>
          class MyPassword extends HTMLElement {
            static formAssociated = true;
            constructor() { super(); this.attachInternals().setFormValue('${secret}');
              this.attachShadow({ mode: 'open' }).innerHTML = '<input type=password value=${secret}>'; }
          }
          customElements.define('my-password', MyPassword);
          document.getElementById('host').attachShadow({ mode: 'open' }).innerHTML =
            '<form onsubmit="return false"><input name=inner value=${secret}><button id=inside>Go</button></form>';
        </script>`,
      async () => {
        await site.page.fill('#typed', secret);
        await site.page.evaluate(() => {
          // "Show the password", in the two ways that are common.
          document.querySelector<HTMLInputElement>('#typed')!.type = 'text';
          document.querySelector<HTMLInputElement>('#shown')!.type = 'text';
          const old = document.querySelector<HTMLInputElement>('#replaced')!;
          old.focus();
          const field = document.createElement('input');
          Object.assign(field, { name: old.name, value: old.value });
          old.replaceWith(field);
        });
        await site.page.click('#inside');
      },
    );
    const sent = site.collector.bodies.join();
    expect(sent).toContain('"ok":"fine"');
    expect(sent).not.toContain('hunter2');
    expect(sent).not.toContain('pressed');
  });

  test('neither a card nor an identity number leaves the browser, whatever the field is called', async () => {
    const [submitted] = await submit(form(`
      <input name="note" value="charge ${CARD}"><input name="x1" value="4111"><input name="x2" value="1111">
      <input name="x3" value="1111"><input name="x4" value="1111"><input autocomplete="cc-name" name="holder" value="ANA POP">
      <input name="ref" value="12345678Z"><input name="cnp" value="1"><textarea name="t">RO49 AAAA 1B31 0075 9384 0000</textarea>
      <input name="phone" value="+34 600 000 000">`));
    expect(submitted.properties.fields).toEqual({ phone: '+34 600 000 000' });
  });

  test('what the browser fills in where nobody sees it stays, but a step that the person has been through is sent', async () => {
    const [submitted] = await submit(
      form(`<input name="seen" value="1a"><div id="step"><input name="first" id="first"></div>
        <input name="street" value="filled in" style="position:absolute;left:-9999px">
        <input name="city" value="filled in" style="opacity:0"><div style="display:none"><input name="zip" value="filled in"></div>`),
      async () => {
        await site.page.fill('#first', 'Ana');
        await site.page.evaluate(() => (document.getElementById('step')!.style.display = 'none'));
      },
    );
    expect(submitted.properties.fields).toEqual({ seen: '1a', first: 'Ana' });
  });

  test('a form or a field that is marked so is nobody\'s business', async () => {
    const forms = await submit(form('<input name="a" value="1">', 'data-madura-ignore'));
    expect(forms).toEqual([]);
    const [submitted] = await submit(form('<input name="a" value="one"><p data-madura-ignore><input name="b" value="two"></p>'));
    expect(submitted.properties.fields).toEqual({ a: 'one' });
  });

  test('what the site has marked is told apart; answers and decisions come along', async () => {
    await submit(
      form(`<input type="email" name="mail" value="ana@example.com"><input type="email" name="colleague" value="eva@example.com">
        <input name="role" data-madura-trait="title" value="CFO"><input name="co" data-madura-trait="company.name" value="Capsulas">
        <input name="q1" data-madura-answer="budget" value="yes">
        <input type="checkbox" name="n" id="n" data-madura-consent="newsletter" data-madura-consent-text="n-4">
        <input type="checkbox" name="p" data-madura-consent="partners" checked>`, 'data-madura-form="demo" data-madura-track="demo_requested"'),
      () => site.page.check('#n'),
    );
    const { messages } = site.collector;
    expect(messages.map(({ event, type }) => event || type)).toEqual([
      'session_started', 'page_viewed', 'consent_given', 'form_submitted', 'demo_requested',
    ]);
    // A box that came ticked is no consent.
    expect(messages[2].properties).toEqual({ purpose: 'newsletter', text: 'n-4', form: 'demo' });
    expect(messages[3].properties).toMatchObject({
      form: 'demo', fields: { mail: 'ana@example.com' }, traits: { title: 'CFO', 'company.name': 'Capsulas', 'answers.budget': 'yes' },
    });
    expect(messages[4].properties).toEqual({ form: 'demo' });
  });

  test('a search and a log-in are nobody\'s business, a sign-up is a form', async () => {
    expect(await submit(form('<input type="search" name="what" value="coffee">'))).toEqual([]);
    expect(await submit(form('<input name="s" value="coffee">'))).toEqual([]);
    const password = '<input name="email" value="ana@example.com"><input type="password" name="p" value="hunter2-is-mine">';
    expect(await submit(form(password))).toEqual([]);
    const [marked] = await submit(form(password, 'data-madura-form="login"'));
    expect(marked.properties.fields).toEqual({ email: 'ana@example.com' });
    // A form's own token is no password of anybody's.
    const [, newsletter] = await submit(form('<input name="email" value="ana@example.com"><input type="hidden" name="csrf_token" value="hunter2">'));
    expect(newsletter.properties.fields).toEqual({ email: 'ana@example.com' });
    const [, , signUp] = await submit(form(`${password}<input name="company" value="Capsulas">`));
    expect(signUp.properties.fields).toEqual({ email: 'ana@example.com', company: 'Capsulas' });
    expect(site.collector.bodies.join()).not.toMatch(/coffee|hunter2/);
  });

  test('where the site asks for it only marked forms are read', async () => {
    const one = '<input name="email" value="ana@example.com">';
    await open(form(one), 'data-forms="marked"');
    await site.page.click('button');
    await site.pass(2000);
    expect(site.collector.named('form_submitted')).toEqual([]);
    await open(form(one, 'data-madura-identify'), 'data-forms="marked"');
    await site.page.click('button');
    await site.pass(2000);
    expect(site.collector.named('form_submitted')).toHaveLength(1);
  });

  test('a form that the page finds wrong and holds back has not been sent', async () => {
    const wrong = (fields: string, stops: boolean) =>
      `<form id="f" novalidate onsubmit="${stops ? 'return false' : ''}" target="f">${fields}<button>Go</button></form><iframe name="f"></iframe>`;
    expect(await submit(wrong('<input name="email" type="email" value="nonsense">', true))).toEqual([]);
    expect(await submit(wrong('<input name="email" type="email" required>', true))).toEqual([]);
    // A form that scripts send is held back, too, when all is well with it.
    expect(await submit(wrong('<input name="email" type="email" value="ana@example.com">', true))).toHaveLength(1);
    await submit(wrong('<input name="city" required><input name="company" value="Capsulas">', false));
    // The frame that the answer goes to has the script, too, and may send the same message once more.
    expect(site.collector.distinct('form_submitted')).toHaveLength(2);
  });

  test('clicks, downloads and links to elsewhere are reported as the site asks', async () => {
    const content = `<button data-madura-track="plan_chosen" data-madura-props='{"plan":"pro"}'><b>Pro</b></button>
      <a id="pdf" href="/files/Lista%20de%20precios.PDF?token=s3cret" data-madura-kind="price_list" target="f">P</a>
      <a id="zip" href="data:application/zip;base64,czNjcmV0" download="kit.zip">Z</a>
      <a id="out" href="https://partner.example/deal?ref=s3cret" onclick="event.preventDefault()">O</a>
      <a id="in" href="#anchor">I</a><iframe name="f"></iframe>`;
    await open(content, 'data-outbound');
    for (const selector of ['b', '#pdf', '#zip', '#out', '#in']) await site.page.click(selector);
    await site.pass(2000);
    expect(site.collector.named('plan_chosen')[0].properties).toEqual({ plan: 'pro' });
    expect(site.collector.named('file_downloaded').map(message => message.properties)).toEqual([
      { file: 'Lista de precios.PDF', kind: 'price_list' },
      { file: 'kit.zip', kind: null },
    ]);
    expect(site.collector.named('link_clicked').map(message => message.properties)).toEqual([
      { url: 'https://partner.example/deal' },
    ]);
    expect(site.collector.named('page_viewed')).toHaveLength(1);
    expect(site.collector.bodies.join()).not.toContain('s3cret');

    await open(content);
    await site.page.click('#out');
    await call(site.page, 'track', 'end');
    await site.pass(2000);
    expect(site.collector.named('end')).toHaveLength(1);
    expect(site.collector.named('link_clicked')).toHaveLength(1);
  });
});
