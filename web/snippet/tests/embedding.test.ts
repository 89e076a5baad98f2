import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Site, call, hasBrowser, launch, loaded, visit } from './site';

describe.skipIf(!hasBrowser())('embedding', () => {
  let browser: Browser;
  let site: Site;
  let said: string[];
  beforeAll(async () => void (browser = await launch()));
  afterAll(() => browser?.close());
  beforeEach(async () => {
    site = await visit(browser, { clock: true });
    said = [];
    site.page.on('console', message => void (/madura/.test(message.text()) && said.push(`${message.type()}: ${message.text()}`)));
  });
  afterEach(() => site.close());

  async function open(origin = site.origin) {
    await site.page.goto(origin);
    await loaded(site.page);
    await site.pass(2000);
  }

  test('settings may stand in the address of the script, where a tag manager takes attributes away', async () => {
    site.pages['/'] = `<script async src="${site.collector.origin}/m.js?key=wk_query&consent=assumed&debug=1"></script>`;
    await open();
    expect(site.collector.named('page_viewed')).toHaveLength(1);
    expect(JSON.parse(site.collector.bodies[0]).writeKey).toBe('wk_query');
    expect(said.some(line => line.startsWith('log: madura 2'))).toBe(true);
  });

  test('whoever looks into the console is told once why nothing arrives', async () => {
    const remedy = 'this write key is for other sites: add this one to its origins';
    site.collector.answer = response => void response.writeHead(403).end(JSON.stringify({ message: remedy }));
    site.pages['/'] = site.tag('data-consent="assumed"');
    await open();
    await call(site.page, 'track', 'again');
    await site.pass(2000);
    expect(site.collector.bodies).toHaveLength(2);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^warning: madura /);
    expect(said[0]).toContain(remedy);
  });

  test('what is too large for the server is measured in bytes, and said', async () => {
    site.pages['/'] = site.tag('data-consent="assumed"');
    await open();
    // 20,000 characters are 60,000 bytes.
    await call(site.page, 'track', 'large', { text: '\u0219\u20ac'.repeat(10_000) });
    await call(site.page, 'track', 'small', { text: 'x'.repeat(20_000) });
    await site.pass(2000);
    expect(site.collector.named('large')).toEqual([]);
    expect(site.collector.named('small')).toHaveLength(1);
    expect(said).toHaveLength(1);
  });

  test('on all subdomains of a site a visitor is one, and so are their consent and its withdrawal', async () => {
    site.pages['/'] = site.tag();
    const { port } = new URL(site.origin);
    const [shop, blog] = ['shop', 'blog'].map(name => `http://${name}.site.localhost:${port}`);
    await open(shop);
    await call(site.page, 'consent', { analytics: true });
    await site.pass(2000);
    await open(blog);
    const [there, here] = site.collector.distinct('page_viewed');
    expect(there.context.page.url).toBe(`${shop}/`);
    expect(here.context.page.url).toBe(`${blog}/`);
    expect(here.anonymousId).toBe(there.anonymousId);
    expect(site.collector.distinct('session_started')).toHaveLength(1);
    expect(site.collector.distinct('consent_given')).toHaveLength(1);

    await call(site.page, 'consent', { analytics: false });
    await site.pass(2000);
    expect(await site.context.cookies()).toEqual([]);
    const before = site.collector.bodies.length;
    await open(shop);
    expect(site.collector.bodies).toHaveLength(before);
    // Another site's visitor is another one.
    await open(`http://other.localhost:${port}`);
    await call(site.page, 'consent', { analytics: true });
    await site.pass(2000);
    const cookies = await site.context.cookies();
    expect(cookies.map(({ domain }) => domain)).toEqual(['.other.localhost']);
  });
});
