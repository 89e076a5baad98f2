import { expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { inBrowser } from './browser.ts';
import { HOSTILE } from './mock/company.ts';
import type { Mock } from './mock/server.ts';

const names = (page: Page) => page.locator('tbody .who').allTextContents();
const row = (page: Page, name: string) => page.locator('tbody tr', { has: page.getByRole('link', { name, exact: true }) });

/** The list is there, and watches. */
async function listed(page: Page, mock: Mock, path = '/') {
  await page.goto(path);
  await page.locator('tbody tr').first().waitFor();
  await expect.poll(() => mock.watchers).toBeGreaterThan(0);
}

const ranked = (mock: Mock) => mock.leads.filter((lead) => lead.name).sort((a, b) => b.score - a.score || (a.id < b.id ? 1 : -1));

inBrowser('the list', (open) => {
  it('is ranked, with score, bracket and stage of each lead', async () => {
    const { mock, page } = await open();
    await listed(page, mock);
    const best = ranked(mock)[0]!;
    const first = page.locator('tbody tr').first();
    expect(await first.locator('.who').textContent()).toBe(best.name);
    expect(await first.textContent()).toContain(String(best.score));
    expect(await first.textContent()).toContain(best.bracket);
    expect(await first.textContent()).toContain('Sales qualified');
  });

  it('sorts itself when a score changes, and says by how much', async () => {
    const { mock, page } = await open();
    await listed(page, mock);
    const riser = ranked(mock)[20]!;
    const before = riser.score;
    mock.change(riser, 100);
    await expect.poll(async () => (await names(page))[0]).toBe(riser.name);
    expect(await row(page, riser.name!).first().locator('.delta').textContent()).toBe(`+${100 - before}`);
    const places = await page.locator('tbody td.place').allTextContents();
    expect(places.slice(0, 3)).toEqual(['1', '2', '3']);
  });

  it('lets a lead in that was further down, and keeps to its order', async () => {
    const { mock, page } = await open();
    await listed(page, mock);
    const hidden = ranked(mock).at(-1)!;
    expect(await row(page, hidden.name!).filter({ hasText: hidden.email! }).count()).toBe(0);
    mock.change(hidden, 99);
    await expect.poll(async () => (await names(page))[0]).toBe(hidden.name);
    const scores = (await page.locator('tbody td.score b').allTextContents()).map(Number);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
  });

  it('does not ask the server about leads that cannot be seen', async () => {
    const { mock, page } = await open();
    await listed(page, mock);
    const asked = () => mock.calls.filter((call) => call.includes('/api/v1/leads?')).length;
    const before = asked();
    mock.change(ranked(mock).at(-1)!, 2);
    const seen = ranked(mock)[1]!;
    // News arrive in their order: when the second has been seen, the first was heard.
    mock.change(seen, 100);
    await expect.poll(async () => (await names(page))[0]).toBe(seen.name);
    expect(asked()).toBe(before + 1);
  });

  it('moves nothing under the pointer, counts what waits, and shows it afterwards', async () => {
    const { mock, page } = await open();
    await listed(page, mock);
    const before = await names(page);
    await page.locator('tbody tr').nth(2).hover();
    const [one, other] = [ranked(mock)[10]!, ranked(mock)[12]!];
    mock.change(one, 100);
    mock.change(other, 99);
    mock.change(other, 98);
    await page.getByText('2 changes wait').waitFor();
    expect(await names(page)).toEqual(before);
    await page.mouse.move(2, 2);
    await expect.poll(async () => (await names(page))[0]).toBe(one.name);
    expect(await page.getByText('Paused while you read').count()).toBe(0);
  });

  it('reads anew after the pointer has left when something unknown happened meanwhile', async () => {
    const { mock, page } = await open();
    await listed(page, mock);
    await page.locator('tbody tr').nth(2).hover();
    const riser = ranked(mock)[18]!;
    riser.score = 100;
    mock.tell({ kind: 'everyone', changed: 300 });
    // News arrive in their order: when this one waits, the one before was heard.
    mock.change(ranked(mock)[1]!, 98);
    await page.getByText('1 change waits').waitFor();
    expect((await names(page))[0]).not.toBe(riser.name);
    await page.mouse.move(2, 2);
    await expect.poll(async () => (await names(page))[0]).toBe(riser.name);
  });

  it('keeps to the model that was chosen, down to the lead', async () => {
    const { mock, page } = await open();
    await listed(page, mock);
    await page.getByLabel('Scored by').selectOption('online-shop');
    await expect.poll(() => mock.calls.some((call) => call.includes('/leads?model=online-shop'))).toBe(true);
    await page.locator('tbody .who').first().click();
    await page.locator('tr.total').waitFor();
    expect(mock.calls.some((call) => /explain\?model=online-shop/.test(call))).toBe(true);
  });

  it('shows what waits on request, while the pointer stays', async () => {
    const { mock, page } = await open();
    await listed(page, mock);
    await page.keyboard.press('j');
    const riser = ranked(mock)[15]!;
    mock.change(riser, 100);
    await page.getByRole('button', { name: 'Show now' }).click();
    await expect.poll(async () => (await names(page))[0]).toBe(riser.name);
  });

  it('is filtered by bracket, stage and text, and the address keeps that', async () => {
    const { mock, page } = await open();
    await listed(page, mock);
    await page.getByRole('button', { name: /^hot/ }).click();
    const hot = mock.leads.filter((lead) => lead.bracket === 'hot').length;
    await expect.poll(async () => (await names(page)).length).toBe(Math.min(50, hot));
    await page.getByLabel('Stage').selectOption('sales_qualified');
    await expect.poll(() => page.url()).toContain('stage=sales_qualified');
    await page.keyboard.press('/');
    await page.keyboard.type('ionescu');
    await expect.poll(() => page.url()).toContain('q=ionescu');
    await page.reload();
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await expect.poll(async () => (await names(page)).length).toBe(50);
    expect(new URL(page.url()).search).toBe('');
  });

  it('is read on by more, without doubles', async () => {
    const { mock, page } = await open();
    await listed(page, mock);
    await page.getByRole('button', { name: 'Show more' }).click();
    await expect.poll(() => page.locator('tbody tr').count()).toBe(100);
    const links = await page.locator('tbody .who').evaluateAll((all) => all.map((link) => link.getAttribute('href')));
    expect(new Set(links).size).toBe(100);
  });

  it('is walked with the keys, and Enter opens a lead; the way back leads to the same filters', async () => {
    const { mock, page } = await open();
    await listed(page, mock, '/?bracket=hot');
    const all = await names(page);
    for (const key of ['j', 'j', 'ArrowDown', 'k']) await page.keyboard.press(key);
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(all[1]);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: all[1]!, exact: true }).waitFor();
    await page.getByRole('link', { name: 'All leads' }).click();
    await expect.poll(() => new URL(page.url()).search).toBe('?bracket=hot');
  });

  it('shows names as they are, and runs none of them', async () => {
    const { mock, page } = await open();
    await listed(page, mock);
    await page.getByText(HOSTILE, { exact: true }).click();
    await page.getByRole('heading', { level: 1, name: HOSTILE, exact: true }).waitFor();
    await page.getByText('page viewed').first().waitFor();
    expect(await page.evaluate(() => 'hacked' in globalThis)).toBe(false);
    expect(await page.locator('main img, main script').count()).toBe(0);
  });

  it('tells how to begin where there is nobody yet', async () => {
    const { mock, page } = await open();
    mock.leads = [];
    await page.goto('/');
    await page.getByText('Three ways to begin').waitFor();
    expect(await page.getByText('/m.js').textContent()).toContain(`${mock.origin}/m.js`);
    expect(await page.getByText('put a model in force').count()).toBe(0);
    mock.hasModel = false;
    await page.reload();
    await page.getByText('put a model in force').waitFor();
  });

  it('says what is wrong when the server does not answer, and comes back', async () => {
    const { mock, page } = await open();
    await page.route('**/api/v1/leads?*', (route) => route.abort());
    await page.goto('/');
    await page.getByRole('alert').getByText('The server does not answer').waitFor();
    await page.unroute('**/api/v1/leads?*');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('tbody tr').first().waitFor();
    expect(await names(page)).toHaveLength(Math.min(50, mock.leads.length));
  });

  it('speaks the language of the account from then on', async () => {
    const { mock, page } = await open();
    await listed(page, mock);
    await page.getByRole('button', { name: 'Ana Ionescu' }).click();
    await page.getByLabel('Language').selectOption('ro');
    await page.getByRole('heading', { name: 'Lead-uri' }).waitFor();
    await expect.poll(() => mock.user.language).toBe('ro');
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('ro');
  });

  it('lets rows glide for those who do not mind motion', async () => {
    const { mock, page } = await open({ motion: 'no-preference' });
    await listed(page, mock);
    await page.evaluate(() => {
      const seen = (globalThis as { glides?: number }) as { glides: number };
      seen.glides = 0;
      const old = Element.prototype.animate;
      Element.prototype.animate = function (this: Element, ...given: Parameters<Element['animate']>) {
        if (this.tagName === 'TR') seen.glides++;
        return old.apply(this, given);
      };
    });
    const riser = ranked(mock)[9]!;
    mock.change(riser, 100);
    await expect.poll(async () => (await names(page))[0]).toBe(riser.name);
    await expect.poll(() => page.evaluate(() => (globalThis as unknown as { glides: number }).glides)).toBeGreaterThan(5);
  });
});
