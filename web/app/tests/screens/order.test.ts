import { expect, it } from 'vitest';
import { inBrowser } from '../browser.ts';

inBrowser('the order of the list', (open) => {
  it('can be turned around, stays in the address, and holds on further pages and when news come', async () => {
    const { mock, page } = await open();
    await page.goto('/');
    await page.locator('tbody tr').first().waitFor();
    await page.getByLabel('Order').selectOption({ label: 'Lowest score first' });
    const scores = async () => (await page.locator('tbody td.score b').allTextContents()).map(Number);
    const least = Math.min(...mock.leads.map((lead) => lead.score));
    await expect.poll(async () => (await scores())[0]).toBe(least);
    expect(new URL(page.url()).search).toBe('?direction=ascending');
    await page.getByRole('button', { name: 'Show more' }).click();
    await expect.poll(async () => (await scores()).length).toBeGreaterThan(50);
    expect(await scores()).toEqual((await scores()).toSorted((a, b) => a - b));
    await page.reload();
    await expect.poll(async () => (await scores())[0]).toBe(least);

    await expect.poll(() => mock.watchers).toBeGreaterThan(0);
    const best = mock.leads.filter((lead) => lead.name).sort((a, b) => b.score - a.score)[0]!;
    mock.change(best, least - 1);
    await expect.poll(async () => page.locator('tbody .who').first().textContent()).toBe(best.name);

    await page.getByLabel('Order').selectOption({ label: 'Most urgent first' });
    await expect.poll(() => new URL(page.url()).search).toBe('?order=priority');
  });
});
