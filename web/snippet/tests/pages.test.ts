import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Site, hasBrowser, launch, loaded, visit } from './site';

describe.skipIf(!hasBrowser())('pages', () => {
  let browser: Browser;
  let site: Site;
  beforeAll(async () => void (browser = await launch()));
  afterAll(() => browser?.close());
  beforeEach(async () => {
    site = await visit(browser, { clock: true });
    site.pages['/'] = site.pages['/next'] = site.tag('data-consent="assumed"') + '<p style="height:5000px">';
    site.pages['/empty'] = '';
  });
  afterEach(() => site.close());

  async function open(path = '/', referer?: string) {
    await site.page.goto(site.origin + path, { referer });
    await loaded(site.page);
  }

  const viewed = () => site.collector.distinct('page_viewed').map(({ context }) => context.page.path);
  const read = () => site.collector.distinct('page_read').map(({ context, properties }) => [context.page.path, properties.seconds]);
  const show = (visible: boolean) =>
    site.page.evaluate(visible => {
      for (const [name, value] of [['hidden', !visible], ['visibilityState', visible ? 'visible' : 'hidden']] as const) {
        Object.defineProperty(document, name, { get: () => value, configurable: true });
      }
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    }, visible);

  test('a page view says what and whence, and nothing behind the question mark', async () => {
    await open('/?utm_source=ads&gclid=C1&email=ana%40example.com', 'http://search.example/find?q=private');
    await site.pass(2000);
    const [session, view] = site.collector.messages;
    expect(view.context).toMatchObject({
      page: { path: '/', url: `${site.origin}/`, title: '/', referrer: 'http://search.example/find' },
      campaign: 'utm_source=ads&gclid=C1', library: { name: 'madura.js' }, webdriver: true,
    });
    expect(view.context.locale && view.context.timezone).toBeTruthy();
    expect([session.properties, session.context.campaign]).toEqual([{ referrer: 'http://search.example/find' }, 'utm_source=ads&gclid=C1']);
    expect(session.anonymousId).toBe(view.anonymousId);
    expect(site.collector.bodies.join()).not.toMatch(/ana|private/);
  });

  test('a page that changes its address has been left; redirects and anchors are no pages', async () => {
    await open();
    await site.page.evaluate(() => {
      history.pushState(null, '', '/redirect');
      history.replaceState(null, '', '/next?tab=1');
      document.title = 'Next';
    });
    await site.pass(3000);
    await site.page.evaluate(() => {
      history.replaceState(null, '', '/next?tab=2');
      location.hash = 'anchor';
    });
    await site.pass(3000);
    await site.page.evaluate(() => (location.hash = '#/pricing?token=s3cret'));
    await site.pass(3000);
    await site.page.goBack();
    await site.page.goBack();
    await site.pass(3000);
    expect(viewed()).toEqual(['/', '/next', '/next#/pricing', '/next']);
    const [, next] = site.collector.named('page_viewed');
    expect(next.context.page).toMatchObject({ title: 'Next', referrer: `${site.origin}/` });
    expect(read().map(([path]) => path)).toEqual(['/', '/next', '/next#/pricing']);
    expect(site.collector.named('session_started')).toHaveLength(1);
    expect(site.collector.bodies.join()).not.toContain('s3cret');
  });

  test('a site whose pages are told apart by parameters has as many pages, and none of its tokens', async () => {
    const routed = site.tag('data-consent="assumed" data-routes="sku|color"');
    site.pages['/index.php'] = site.pages['/blog'] = routed;
    for (const path of [
      '/?page_id=7', '/?page_id=8&utm_source=x', '/index.php?route=product/category&token=s3cret', '/?p=s3cret5f2a9c&id=ana%40example.com',
      '/blog?p=2', '/blog?sku=AB-12&email=s3cret',
    ]) {
      await open(path);
      await site.pass(2000);
    }
    expect(viewed()).toEqual(['/?page_id=7', '/?page_id=8', '/index.php?route=product/category', '/', '/blog', '/blog?sku=AB-12']);
    const [first] = site.collector.named('page_viewed');
    expect(first.context.page.url).toBe(`${site.origin}/?page_id=7`);
    expect(site.collector.bodies.join()).not.toMatch(/s3cret|example\.com/);
    await site.page.evaluate(() => history.pushState(null, '', '/index.php?route=product/search'));
    await site.pass(2000);
    expect(viewed().pop()).toBe('/index.php?route=product/search');
  });

  /** From now on the page's stop-watch stands still until it is told how much time has passed. */
  const stopWatch = () => site.page.addInitScript('window.elapsed = 1; performance.now = () => window.elapsed');
  const elapse = (milliseconds: number) => site.page.evaluate(time => void ((window as any).elapsed += time), milliseconds);

  test('only the time in which the page is seen counts, and no second of it twice', async () => {
    await stopWatch();
    await open();
    await elapse(130_000);
    await site.page.evaluate(() => scrollTo(0, 2000));
    await show(false);
    await site.collector.until(() => read().length);
    expect(read()).toEqual([['/', 130]]);
    await elapse(600_000);
    await show(true);
    await elapse(20_500);
    await show(false);
    await show(true);
    await site.page.goto(`${site.origin}/empty`);
    await site.collector.until(() => read().some(([, seconds]) => seconds === 20));
    expect(read().map(([, seconds]) => seconds)).toEqual([130, 20]);
    const [{ properties }] = site.collector.named('page_read');
    expect(properties.scroll).toBeGreaterThan(40);
    expect(properties.scroll).toBeLessThan(100);
  });

  test('a page that is left at once says so', async () => {
    await stopWatch();
    await open();
    await site.page.goto(`${site.origin}/empty`);
    await site.collector.until(() => read().length);
    expect(read()).toEqual([['/', 0]]);
  });

  test('half an hour without a sign ends a session; two hours of reading do not begin one', async () => {
    await open();
    await site.pass(29 * 60_000);
    await open('/next');
    await site.pass(31 * 60_000);
    await site.page.evaluate(() => (window as any).madura.track('woke_up'));
    await site.pass(120 * 60_000);
    await site.page.goto(`${site.origin}/empty`);
    await site.collector.until(() => read().some(([, seconds]) => seconds === 1800));
    expect(site.collector.distinct('session_started')).toHaveLength(2);
    expect(Math.max(...site.collector.named('page_read').map(message => message.properties.seconds))).toBe(1800);
  });

  test('whoever comes back with the browser\'s button sees the page again', async () => {
    await site.close();
    site = await visit(browser);
    const { page, origin, collector, pages, tag } = site;
    pages['/'] = tag('data-consent="assumed"');
    pages['/empty'] = '';
    await page.goto(origin);
    await loaded(page);
    await page.evaluate(() => {
      addEventListener('pageshow', event => event.persisted && (window as any).madura.track('from_the_cache'));
    });
    await page.goto(`${origin}/empty`);
    await page.evaluate(() => history.back());
    await collector.until(() => collector.named('from_the_cache').length);
    expect(collector.distinct('page_viewed')).toHaveLength(2);
    expect(collector.distinct('session_started')).toHaveLength(1);
  });

  test('a page that is rendered in advance is silent until it is seen', async () => {
    await site.page.addInitScript(`Object.defineProperty(Document.prototype, 'prerendering', { get: () => !window.activated })`);
    await open();
    await site.page.evaluate(() => (window as any).madura.push(['track', 'early']));
    await site.pass(60_000);
    expect(site.collector.bodies).toEqual([]);
    await site.page.evaluate(() => {
      (window as any).activated = true;
      document.dispatchEvent(new Event('prerenderingchange'));
    });
    await site.pass(2000);
    expect(viewed()).toEqual(['/']);
    expect(site.collector.named('early')).toHaveLength(1);
  });
});
