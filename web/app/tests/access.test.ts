import { expect, it } from 'vitest';
import { inBrowser, violations } from './browser.ts';

/** Every screen, and what shows that it is there. */
const screens = [
  ['/login', 'form', true],
  ['/setup#token=once', 'form', true],
  ['/', 'tbody tr', false],
  ['/leads/01a215711000-24f6-779b-a458-4932275b1ac2', 'tr.total', false],
  ['/companies', 'tbody tr', false],
] as const;

inBrowser('for everybody', (open) => {
  for (const theme of ['light', 'dark'] as const) {
    for (const width of [1440, 390]) {
      it(`axe finds nothing on any screen, ${theme}, ${width} wide`, async () => {
        const { mock, page } = await open({ theme, width });
        for (const [path, sign, isOutside] of screens) {
          mock.isLoggedIn = !isOutside;
          mock.isSetUp = !path.startsWith('/setup');
          await page.goto(path.replace('01a215711000-24f6-779b-a458-4932275b1ac2', mock.leads[0]!.id));
          await page.locator(sign).first().waitFor();
          expect(await violations(page), path).toEqual([]);
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          expect(wide, `${path} does not scroll sideways`).toBeLessThanOrEqual(0);
        }
      });
    }
  }
});
