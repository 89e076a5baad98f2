/** A browser for tests, and what tests ask of a page. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContext, type Page, chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest';
import { Mock } from './mock/server.ts';

const CHROMIUM = process.env['MADURA_CHROMIUM'] || '/usr/bin/chromium';
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** How long a page may take on a machine that has much else to do. */
export const PATIENCE_MS = 60_000;

/** Whether there is a browser to test with; MADURA_NEED_BROWSER=1 says that there has to be one. */
export function hasBrowser(): boolean {
  if (existsSync(CHROMIUM)) return true;
  if (process.env['MADURA_NEED_BROWSER'] === '1') throw new Error(`MADURA_NEED_BROWSER=1, and there is no ${CHROMIUM}`);
  console.warn(`No ${CHROMIUM}: the tests in a browser are skipped. Debian: apt-get install chromium`);
  return false;
}

export const launch = (): Promise<Browser> => chromium.launch({ executablePath: CHROMIUM, args: FLAGS, timeout: 150_000 });

export interface Visit {
  mock: Mock;
  page: Page;
  context: BrowserContext;
  /** What the page complained about: errors, refused scripts and styles. */
  complaints: string[];
}

export interface Wishes {
  theme?: 'light' | 'dark';
  language?: string;
  width?: number;
  height?: number;
  motion?: 'reduce' | 'no-preference';
}

/** A page before a mock server of its own. */
export async function visit(browser: Browser, wishes: Wishes = {}): Promise<Visit> {
  const mock = await new Mock().listen();
  const context = await browser.newContext({
    baseURL: mock.origin,
    viewport: { width: wishes.width ?? 1440, height: wishes.height ?? 900 },
    colorScheme: wishes.theme ?? 'light',
    reducedMotion: wishes.motion ?? 'reduce',
    locale: wishes.language ?? 'en',
    timezoneId: 'Europe/Madrid',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    // A refused call is the page's business, and browsers note it by themselves.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) complaints.push(message.text());
  });
  return { mock, page, context, complaints };
}

/** Tests that share a browser; each gets a page and a server of its own. Skipped where there is no browser. */
export function inBrowser(name: string, tests: (open: (wishes?: Wishes) => Promise<Visit>) => void): void {
  describe.skipIf(!hasBrowser())(name, () => {
    let browser: Browser;
    let visits: Visit[] = [];
    beforeAll(async () => {
      browser = await launch();
    });
    afterAll(() => browser?.close());
    beforeEach(() => {
      visits = [];
    });
    afterEach(async () => {
      const opened = visits;
      for (const one of opened) await one.context.close();
      for (const one of opened) await one.mock.close();
      for (const one of opened) expect(one.complaints, 'the page complains about nothing').toEqual([]);
    });
    tests(async (wishes) => {
      const one = await visit(browser, wishes);
      visits.push(one);
      return one;
    });
  });
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds wrong with a page as it stands, a line for each. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const axe = (globalThis as unknown as { axe: { run: () => Promise<{ violations: { id: string; nodes: { target: unknown; failureSummary?: string }[] }[] }> } }).axe;
    const found = await axe.run();
    return found.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${String(node.target)} ${node.failureSummary ?? ''}`));
  });
}
