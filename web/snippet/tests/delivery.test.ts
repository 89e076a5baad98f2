import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Site, call, hasBrowser, launch, loaded, take, visit } from './site';

const ASSUMED = 'data-consent="assumed"';

describe.skipIf(!hasBrowser())('delivery', () => {
  let browser: Browser;
  let site: Site;
  beforeAll(async () => void (browser = await launch()));
  afterAll(() => browser?.close());
  afterEach(() => site.close());

  async function open({ clock = false, before = '', prepare = async (_: Site) => {} } = {}) {
    site = await visit(browser, { clock });
    site.pages['/'] = before + site.tag(ASSUMED);
    site.pages['/empty'] = '';
    await prepare(site);
    await site.page.goto(site.origin);
    await loaded(site.page);
  }

  const ids = () => site.collector.messages.map(message => message.messageId);
  const waiting = () => site.page.evaluate(() => Object.keys(localStorage).filter(key => key.startsWith('madura.q.')).length);

  test('a reload in the middle of a batch loses nothing', async () => {
    await open();
    // The batch is on the wire, and no answer comes.
    site.collector.answer = () => {};
    await call(site.page, 'track', 'first');
    await site.collector.until(() => site.collector.bodies.some(body => body.includes('"first"')));
    await call(site.page, 'track', 'second');
    site.collector.answer = take;
    await site.page.reload();
    await loaded(site.page);
    await site.collector.until(() => ['first', 'second', 'page_read'].every(name => site.collector.named(name).length));
    await site.page.waitForFunction(() => !Object.keys(localStorage).some(key => key.startsWith('madura.q.')));
    for (const name of ['first', 'second', 'page_read']) {
      expect(site.collector.distinct(name), name).toHaveLength(1);
    }
    expect(site.collector.distinct('session_started')).toHaveLength(1);
  });

  test('an offline hour loses nothing and repeats nothing', async () => {
    await open({ clock: true });
    await site.pass(2000);
    await site.context.setOffline(true);
    for (let number = 0; number < 60; number++) {
      await call(site.page, 'track', 'offline', { number });
      await site.page.clock.runFor(60_000);
    }
    expect(site.collector.named('offline')).toEqual([]);
    expect(await waiting()).toBe(60);
    await site.context.setOffline(false);
    await site.page.clock.runFor(600_000);
    await site.collector.until(() => site.collector.named('offline').length >= 60);
    await site.pass(600_000);
    expect(site.collector.named('offline').map(message => message.properties.number)).toEqual([...Array(60).keys()]);
    expect(new Set(ids()).size).toBe(ids().length);
    expect(await waiting()).toBe(0);
  });

  test('an hour without a server ends by itself, and what a page leaves behind the next one sends', async () => {
    await open({ clock: true });
    await site.pass(2000);
    site.collector.answer = response => void response.writeHead(503).end();
    await call(site.page, 'track', 'left behind');
    for (let minute = 0; minute < 60; minute++) await site.pass(60_000);
    const tries = site.collector.bodies.length;
    // Ever more slowly: about nine in the first eight minutes, then one in five minutes or so.
    expect(tries).toBeGreaterThan(10);
    expect(tries).toBeLessThan(30);
    site.collector.answer = take;
    await site.page.goto(`${site.origin}/empty`);
    expect(await waiting()).toBeGreaterThan(0);
    await site.page.goto(site.origin);
    await loaded(site.page);
    await site.pass(2000);
    expect(await waiting()).toBe(0);
    expect(site.collector.distinct('left behind')).toHaveLength(1);
  });

  test('a busy server is left in peace for as long as it asks', async () => {
    await open({ clock: true });
    site.collector.answer = response => void response.writeHead(429, { 'Retry-After': '60' }).end();
    await site.pass(2000);
    expect(site.collector.bodies).toHaveLength(1);
    for (let number = 0; number < 20; number++) await call(site.page, 'track', 'busy');
    await site.pass(55_000);
    expect(site.collector.bodies).toHaveLength(1);
    site.collector.answer = take;
    await site.pass(40_000);
    await site.collector.until(() => site.collector.named('busy').length === 20);
  });

  test('what the server refuses for good is not sent for ever', async () => {
    await open({ clock: true });
    site.collector.answer = response => void response.writeHead(401).end('{}');
    await site.pass(2000);
    await site.pass(3_600_000);
    expect(site.collector.bodies).toHaveLength(1);
    expect(await waiting()).toBe(0);
  });

  test('ten events go at once, fewer within a second', async () => {
    await open({ clock: true });
    await site.pass(2000);
    const before = site.collector.bodies.length;
    for (let number = 0; number < 9; number++) await call(site.page, 'track', 'many');
    await site.settle();
    expect(site.collector.bodies).toHaveLength(before);
    await call(site.page, 'track', 'many');
    await site.settle();
    expect(site.collector.named('many')).toHaveLength(10);
    expect(site.collector.bodies).toHaveLength(before + 1);
  });

  test('who closes the page has been heard', async () => {
    await open();
    await call(site.page, 'track', 'last words');
    await site.page.close({ runBeforeUnload: true });
    await site.collector.until(() => site.collector.named('last words').length && site.collector.named('page_read').length);
    expect(site.collector.distinct('last words')).toHaveLength(1);
  });

  test('calls before the script is there are made up for, also through another name, and a second script does nothing', async () => {
    await open({
      before: `<script>window.madura = window.madura || []; const mine = madura;
        madura.push(['track', 'demo_requested', { product: 'crm' }]); madura.push('nonsense'); madura.push(['nonsense']);</script>`,
      prepare: async site => void (site.pages['/'] += site.tag(ASSUMED)),
    });
    await site.page.evaluate('mine.push(["track", "later"])');
    await site.collector.until(() => site.collector.named('later').length);
    expect(site.collector.named('demo_requested').map(message => message.properties)).toEqual([{ product: 'crm' }]);
    expect(site.collector.named('page_viewed')).toHaveLength(1);
  });

  test('a page under a strict CSP works', async () => {
    const reports: string[] = [];
    await open({
      prepare: async site => {
        const { origin } = site.collector;
        site.headers['Content-Security-Policy'] =
          `default-src 'none'; script-src ${origin}; connect-src ${origin}; require-trusted-types-for 'script'; trusted-types 'none'`;
        site.page.on('console', message => reports.push(message.text()));
      },
    });
    await site.collector.until(() => site.collector.named('page_viewed').length);
    expect(reports.filter(text => /security policy|trusted/i.test(text))).toEqual([]);
  });

  test('without storage there are cookies, and without both the page still works', async () => {
    const noStorage = `Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } })`;
    await open({ clock: true, prepare: async site => void (await site.page.addInitScript(noStorage)) });
    await site.pass(2000);
    await site.page.goto(site.origin);
    await loaded(site.page);
    await site.pass(2000);
    expect(new Set(site.collector.messages.map(message => message.anonymousId)).size).toBe(1);
    expect(site.collector.distinct('session_started')).toHaveLength(1);
    const [cookie] = await site.context.cookies();
    expect([cookie.name, cookie.sameSite, cookie.secure]).toEqual(['madura', 'Lax', false]);

    await site.page.goto(`${site.origin}/empty`);
    await site.context.clearCookies();
    await site.page.addInitScript(`Object.defineProperty(Document.prototype, 'cookie', { get() { throw 1; }, set() { throw 1; } })`);
    await site.page.goto(site.origin);
    await loaded(site.page);
    await call(site.page, 'track', 'one');
    await call(site.page, 'track', 'two');
    await site.pass(2000);
    expect(site.collector.named('one')[0].anonymousId).toBe(site.collector.named('two')[0].anonymousId);
    expect(await site.context.cookies()).toEqual([]);
  });

  test('two tabs do not lose or double each other\'s events', async () => {
    await open();
    const other = await site.context.newPage();
    await other.goto(site.origin);
    await loaded(other);
    await Promise.all([call(site.page, 'track', 'here'), call(other, 'track', 'there')]);
    await site.collector.until(() => site.collector.named('here').length && site.collector.named('there').length);
    expect(new Set(site.collector.messages.map(message => message.anonymousId)).size).toBe(1);
    expect(site.collector.distinct('session_started')).toHaveLength(1);
  });
});
