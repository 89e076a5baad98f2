import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Site, call, hasBrowser, launch, loaded, visit } from './site';

describe.skipIf(!hasBrowser())('consent', () => {
  let browser: Browser;
  let site: Site;
  beforeAll(async () => void (browser = await launch()));
  afterAll(() => browser?.close());
  beforeEach(async () => {
    site = await visit(browser, { clock: true });
    site.pages['/empty'] = '';
    site.pages['/'] = `${site.tag()}<a href="#" data-madura-track="plan_chosen">Plan</a>
      <form data-madura-form="contact" onsubmit="return false"><input name="email" value="ana@example.com"><button>Go</button></form>`;
  });
  afterEach(() => site.close());

  const stored = () => site.page.evaluate(() => [localStorage.length, document.cookie]);
  const posts = () => site.collector.requests.filter(request => request.startsWith('POST'));

  async function open(path = '/') {
    await site.page.goto(site.origin + path);
    await loaded(site.page);
  }

  async function act() {
    await site.page.click('a');
    await site.page.click('button');
    await call(site.page, 'identify', 'u1', { plan: 'pro' });
    await site.page.evaluate(() => history.pushState(null, '', '/next'));
    await site.pass(60_000);
  }

  test('nothing leaves the browser before consent, and nothing stays in it', async () => {
    await open();
    await act();
    expect(posts()).toEqual([]);
    expect(await stored()).toEqual([0, '']);
    await site.page.goto(site.origin + '/empty');
    await site.settle();
    expect(posts()).toEqual([]);
  });

  test('what happened before is sent with consent, at its own time and in one session', async () => {
    await open('/?utm_source=news&utm_campaign=spring&token=secret');
    await act();
    await call(site.page, 'consent', { analytics: true, text: 'banner-3' });
    await site.pass(2000);
    const { messages } = site.collector;
    expect(messages.map(({ event, type }) => event || type)).toEqual([
      'consent_given', 'session_started', 'page_viewed', 'plan_chosen', 'form_submitted', 'identify', 'page_read', 'page_viewed',
    ]);
    expect(new Set(messages.map(message => message.anonymousId)).size).toBe(1);
    expect(new Set(messages.map(message => message.messageId)).size).toBe(messages.length);
    expect(Date.parse(messages[0].timestamp) - Date.parse(messages[2].timestamp)).toBeGreaterThanOrEqual(60_000);
    expect([messages[0].properties, messages[0].context.page.url]).toEqual([{ purpose: 'analytics', text: 'banner-3' }, `${site.origin}/next`]);
    expect([messages[1].properties, messages[1].context.campaign]).toEqual([{ referrer: '' }, 'utm_source=news&utm_campaign=spring']);
    expect(site.collector.bodies.join()).not.toContain('secret');
    expect([...site.collector.types]).toEqual(['text/plain;charset=UTF-8']);
  });

  test('a refusal drops what happened before, and leaves no trace', async () => {
    await open();
    await act();
    await call(site.page, 'consent', { analytics: false });
    await act();
    expect(posts()).toEqual([]);
    expect(await stored()).toEqual([0, '']);
  });

  test('consent is remembered and reported once; a withdrawal is reported and forgets the visitor', async () => {
    await open();
    await call(site.page, 'consent', { analytics: true, marketing: true });
    await site.pass(2000);
    await open();
    await call(site.page, 'consent', { analytics: true, marketing: true });
    await site.pass(2000);
    expect(site.collector.named('consent_given').map(message => message.properties.purpose)).toEqual(['analytics', 'marketing']);
    expect(site.collector.distinct('session_started')).toHaveLength(1);
    const id = site.collector.messages[0].anonymousId;

    await call(site.page, 'consent', { analytics: false });
    await site.pass(2000);
    const [withdrawn] = site.collector.named('consent_withdrawn');
    expect([withdrawn.anonymousId, withdrawn.properties.purpose]).toEqual([id, 'analytics']);
    expect(await stored()).toEqual([0, '']);
    const before = posts().length;
    await act();
    expect(posts()).toHaveLength(before);

    await call(site.page, 'consent', { analytics: true });
    await call(site.page, 'track', 'again');
    await site.pass(2000);
    expect(site.collector.named('again')[0].anonymousId).not.toBe(id);
  });

  test('a site whose banner loads the script says so, and a refusal still holds on the next page', async () => {
    site.pages['/'] = site.tag('data-consent="assumed"');
    await open();
    await site.pass(2000);
    expect(site.collector.named('page_viewed')).toHaveLength(1);
    await call(site.page, 'consent', { analytics: false });
    await site.pass(2000);
    expect(site.collector.named('consent_withdrawn')).toHaveLength(1);
    const before = posts().length;
    await open();
    await site.pass(2000);
    expect(posts()).toHaveLength(before);
  });

  for (const [name, script] of [
    ['GPC', `Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true })`],
    ['Do Not Track', `Object.defineProperty(Navigator.prototype, 'doNotTrack', { get: () => '1' })`],
  ]) {
    test(`${name} silences it, but for what a person sends on purpose after saying yes`, async () => {
      await site.page.addInitScript(script);
      site.pages['/assumed'] = site.tag('data-consent="assumed"');
      await open('/assumed');
      await site.pass(2000);
      await open();
      await act();
      expect(posts()).toEqual([]);
      expect(await stored()).toEqual([0, '']);

      await open();
      await call(site.page, 'consent', { analytics: true });
      await act();
      const names = site.collector.messages.map(({ event, type }) => event || type);
      expect(names).toEqual(['consent_given', 'form_submitted', 'identify']);
      expect(decodeURIComponent(await site.page.evaluate(() => document.cookie))).toMatch(/^madura=(?!.*"id")/);
    });
  }

  test('whoever opts out stays out, whatever the banner says', async () => {
    await open();
    await call(site.page, 'consent', { analytics: true });
    await site.pass(2000);
    await call(site.page, 'optOut');
    await site.pass(2000);
    expect(site.collector.named('consent_withdrawn')).toHaveLength(1);
    const before = posts().length;
    await open();
    await call(site.page, 'consent', { analytics: true });
    await act();
    expect(posts()).toHaveLength(before);
    await call(site.page, 'optOut', false);
    await call(site.page, 'consent', { analytics: true });
    await site.pass(2000);
    expect(posts().length).toBeGreaterThan(before);
  });

  test('an opt-out outlives its cookie, and each page makes the cookie last', async () => {
    await open();
    await call(site.page, 'optOut');
    const expiry = async () => (await site.context.cookies()).find(cookie => cookie.name === 'madura')!.expires;
    await site.context.clearCookies();
    await open();
    expect(await expiry()).toBeGreaterThan(Date.now() / 1000 + 390 * 86400);
    await call(site.page, 'consent', { analytics: true });
    await act();
    expect(posts()).toEqual([]);
    await call(site.page, 'optOut', false);
    expect(await stored()).toEqual([0, '']);
  });

  test('reset makes a new visitor with the same consent', async () => {
    await open();
    await call(site.page, 'consent', { analytics: true });
    await call(site.page, 'reset');
    await call(site.page, 'track', 'after');
    await site.pass(2000);
    const [after] = site.collector.named('after');
    expect(after.anonymousId).not.toBe(site.collector.named('page_viewed')[0].anonymousId);
    expect(site.collector.named('session_started')).toHaveLength(2);
    expect(site.collector.named('consent_given')).toHaveLength(1);
  });
});
