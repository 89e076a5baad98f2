import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { inBrowser, violations } from './browser.ts';

const LIGHT = 'rgb(246, 246, 241)';
const DARK = 'rgb(19, 22, 17)';
const ground = (page: Page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

inBrowser('light and dark', (open) => {
  async function choose(page: Page, name: 'System' | 'Light' | 'Dark') {
    await page.getByRole('button', { name: 'Ana Ionescu' }).click();
    await page.getByRole('radio', { name }).check();
    await page.keyboard.press('Escape');
  }

  it('follow the system until somebody chooses, and again afterwards', async () => {
    const { page } = await open({ theme: 'dark' });
    await page.goto('/');
    await page.getByRole('heading', { level: 1 }).waitFor();
    expect(await ground(page)).toBe(DARK);
    await page.emulateMedia({ colorScheme: 'light' });
    await expect.poll(() => ground(page)).toBe(LIGHT);
    await choose(page, 'Dark');
    expect(await ground(page)).toBe(DARK);
    await page.emulateMedia({ colorScheme: 'dark' });
    await choose(page, 'Light');
    expect(await ground(page)).toBe(LIGHT);
    await choose(page, 'System');
    expect(await ground(page)).toBe(DARK);
  });

  it('are remembered on the device, for every tab and before somebody has logged in', async () => {
    const { mock, page, context } = await open();
    await page.goto('/companies');
    const other = await context.newPage();
    await other.goto('/companies');
    await other.getByRole('heading', { level: 1 }).waitFor();
    await choose(page, 'Dark');
    await expect.poll(() => ground(other)).toBe(DARK);
    mock.isLoggedIn = false;
    await page.goto('/login');
    await page.getByLabel('Password').waitFor();
    expect(await ground(page)).toBe(DARK);
  });

  it('are right from the first paint on, before any module of the page has run', async () => {
    const { page } = await open({ theme: 'light' });
    await page.goto('/companies');
    await choose(page, 'Dark');
    await page.route('**/assets/*.js', () => {
      // It never comes.
    });
    await page.reload({ waitUntil: 'commit' });
    await expect.poll(() => page.evaluate(() => document.body && getComputedStyle(document.body).backgroundColor)).toBe(DARK);
    expect(await page.evaluate(() => document.documentElement.style.length)).toBe(0);
    expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe('dark');
    expect(await page.locator('#app > *').count()).toBe(0);
  });

  it('are chosen in a menu that closes by Escape and by a click beside it', async () => {
    const { page } = await open();
    await page.goto('/companies');
    const opener = page.getByRole('button', { name: 'Ana Ionescu' });
    await opener.click();
    await page.getByRole('link', { name: 'My account' }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    expect(await page.getByRole('link', { name: 'My account' }).count()).toBe(0);
    expect(await opener.evaluate((one) => one === document.activeElement)).toBe(true);
    await opener.click();
    await page.getByRole('heading', { level: 1 }).click();
    expect(await page.getByRole('link', { name: 'My account' }).count()).toBe(0);
  });
});
