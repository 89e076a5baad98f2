// A web site, a collector on another origin, and a browser that goes from one to the other.
import { existsSync, readFileSync } from 'node:fs';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, type BrowserContext, type Page, type Request, chromium } from 'playwright-core';

const CHROMIUM = process.env.MADURA_CHROMIUM || '/usr/bin/chromium';
const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

/** How long a page may take on a machine that has much else to do. */
const PATIENCE_MS = 150_000;

/** Whether there is a browser to test with; MADURA_NEED_BROWSER=1 says that there has to be one. */
export function hasBrowser(): boolean {
  if (existsSync(CHROMIUM)) return true;
  if (process.env.MADURA_NEED_BROWSER === '1') throw new Error(`MADURA_NEED_BROWSER=1, and there is no ${CHROMIUM}`);
  console.warn(`No ${CHROMIUM}: the tests in a browser are skipped. Debian: apt-get install chromium`);
  return false;
}

export const launch = (): Promise<Browser> =>
  // Playwright turns the cache of whole pages off; people have it on.
  chromium.launch({ timeout: PATIENCE_MS, executablePath: CHROMIUM, args: FLAGS, ignoreDefaultArgs: ['--disable-back-forward-cache'] });

/** One call as it arrived. */
export interface Received {
  type: string;
  event?: string;
  messageId: string;
  anonymousId: string;
  userId?: string;
  timestamp: string;
  properties: Record<string, any>;
  traits: Record<string, any>;
  context: Record<string, any>;
}

/** What the collector does with a batch. */
type Answer = (response: ServerResponse) => void;
export const take: Answer = response => void response.writeHead(200).end('{}');

/** Records everything that reaches it. */
export class Collector {
  messages: Received[] = [];
  bodies: string[] = [];
  requests: string[] = [];
  types = new Set<string | undefined>();
  answer: Answer = take;
  private watchers = new Set<() => void>();

  constructor(readonly server: Server, readonly origin: string) {}

  named(event: string): Received[] {
    return this.messages.filter(message => message.event === event || message.type === event);
  }

  /** The same, each message once: what was handed over at the end of a page may come again. */
  distinct(event: string): Received[] {
    return [...new Map(this.named(event).map(message => [message.messageId, message])).values()];
  }

  /** Waits until something holds of what has arrived. */
  async until(holds: () => unknown): Promise<void> {
    while (!holds()) await new Promise<void>(resolve => this.watchers.add(resolve));
  }

  async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.setHeader('Access-Control-Expose-Headers', 'Retry-After');
    this.requests.push(`${request.method} ${request.url}`);
    if (/^\/m\.js(\?|$)/.test(request.url!)) {
      response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(SCRIPT);
    } else if (request.method === 'POST') {
      let body = '';
      for await (const chunk of request) body += chunk;
      this.types.add(request.headers['content-type']);
      this.bodies.push(body);
      this.answer(response);
      if (response.statusCode === 200) this.messages.push(...JSON.parse(body).batch);
    } else {
      response.end();
    }
    for (const wake of this.watchers) wake();
    this.watchers.clear();
  }
}

const SCRIPT = readFileSync(new URL('../dist/m.js', import.meta.url));

export interface Site {
  collector: Collector;
  origin: string;
  context: BrowserContext;
  page: Page;
  /** Content by path, and headers for all of them. */
  pages: Record<string, string>;
  headers: Record<string, string>;
  /** The tag that embeds the script, with further attributes. */
  tag(attributes?: string): string;
  /** Lets the page's clock run, and waits until whatever it has sent by then is there. */
  pass(milliseconds: number): Promise<void>;
  /** Waits until whatever the page has sent by now is there. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** A new site and a new visitor. `clock`: the page's time can be made to pass. */
export async function visit(browser: Browser, { clock = false } = {}): Promise<Site> {
  let collector: Collector | undefined;
  const receiver = createServer((request, response) => void collector!.receive(request, response));
  const pages: Record<string, string> = {};
  const headers: Record<string, string> = {};
  const host = createServer((request, response) => {
    const path = request.url!.split('?')[0];
    const content = pages[path];
    response.writeHead(content === undefined ? 404 : 200, { 'Content-Type': 'text/html; charset=utf-8', ...headers });
    response.end(content === undefined ? '' : `<!doctype html><title>${path}</title>${content}`);
  });
  collector = new Collector(receiver, await listening(receiver));
  const origin = await listening(host);
  const context = await browser.newContext();
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  if (clock) await page.clock.install();
  const errors: string[] = [];
  page.on('pageerror', error => errors.push(String(error)));
  const { requests } = collector;
  // Batches that the page has sent and that are not answered yet; those of a page that is gone never are.
  const open = new Set<Request>();
  let answered = () => {};
  const close = (request: Request) => void (open.delete(request) && answered());
  page.on('request', request => void (request.method() === 'POST' && request.resourceType() === 'fetch' && open.add(request)));
  page.on('requestfinished', close);
  page.on('requestfailed', close);
  page.on('framenavigated', frame => void (frame === page.mainFrame() && open.clear()));
  const settle = async () => {
    const before = requests.length;
    // Whatever was sent before this request is known to be open once it is answered.
    await page.evaluate(to => fetch(to, { mode: 'no-cors' }).catch(() => 0), `${collector!.origin}/settle`);
    await collector!.until(() => requests.slice(before).includes('GET /settle'));
    while (open.size) await new Promise<void>(resolve => (answered = resolve));
  };
  return {
    collector, origin, context, page, pages, headers, settle,
    tag: (attributes = '') => `<script async src="${collector!.origin}/m.js" data-key="wk_test" ${attributes}></script>`,
    async pass(milliseconds) {
      await page.clock.runFor(milliseconds);
      await settle();
    },
    async close() {
      await context.close();
      for (const server of [host, receiver]) {
        server.closeAllConnections();
        server.close();
      }
      if (errors.length) throw new Error(`the page threw: ${errors.join('; ')}`);
      if (requests.some(request => request.startsWith('OPTIONS'))) throw new Error('the browser asked for leave beforehand');
    },
  };
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Checks that the script has begun: a page is not loaded before its scripts are. */
export async function loaded(page: Page): Promise<void> {
  if (!(await page.evaluate(() => (window as any).madura?.version))) throw new Error('the script has not begun');
}

/** Calls the script's API. */
export const call = (page: Page, name: string, ...parameters: unknown[]) =>
  page.evaluate(([name, parameters]) => (window as any).madura[name as string](...(parameters as unknown[])), [name, parameters] as const);
