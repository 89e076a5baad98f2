/**
 * A server for the page that needs nothing else: what `npm run build` wrote, and an API that answers as the real one
 * does about a company that is made up. Tests run it within themselves and change what it says; `npm run mock` shows it
 * to people, with scores that change.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LeadItem, News, User } from '../../src/api/types.ts';
import { accounts } from './accounts.ts';
import { rescore, seedLeads } from './company.ts';
import { leads } from './leads.ts';
import { models } from './models.ts';
import { problem, Reply, type Asked, type Route } from './route.ts';

const DIST = fileURLToPath(new URL('../../../dist/', import.meta.url));

/** As the real server sends it. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; " +
  "font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; " +
  "frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'";

export class Mock {
  leads: LeadItem[] = seedLeads();
  user: User = {
    id: 'u1',
    email: 'ana@example.com',
    name: 'Ana Ionescu',
    role: 'owner',
    language: 'en',
    disabled_at: null,
    created_at: '2026-11-01T08:00:00Z',
    last_login_at: null,
  };
  /** Rights that this user does not have. */
  without = new Set<string>();
  isSetUp = true;
  isLoggedIn = true;
  hasModel = true;
  /** What is waited for after each piece of what somebody sends. */
  pace: (() => Promise<void>) | null = null;
  /** Everything that was asked, such as `POST /api/v1/login`. */
  calls: string[] = [];
  origin = '';
  private readonly streams = new Set<ServerResponse>();
  private readonly routes: Route[] = [...accounts, ...leads, ...models];
  private readonly server = createServer((request, response) => {
    this.answer(request, response).catch((error: unknown) => {
      console.error(error);
      response.writeHead(500).end();
    });
  });

  async listen(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    this.origin = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return this;
  }

  async close(): Promise<void> {
    for (const stream of this.streams) stream.end();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Answers some addresses in another way from now on. */
  use(...routes: Route[]): void {
    this.routes.unshift(...routes);
  }

  tell(news: News): void {
    for (const stream of this.streams) stream.write(`event: news\ndata: ${JSON.stringify(news)}\n\n`);
  }

  /** How many pages watch. */
  get watchers(): number {
    return this.streams.size;
  }

  /** A lead gets another score, and whoever watches hears of it. */
  change(lead: LeadItem, score: number): void {
    const before = lead.score;
    rescore(lead, score);
    lead.last_seen_at = new Date().toISOString();
    const { bracket, stage, priority } = lead;
    this.tell({ kind: 'lead', lead: lead.id, model: 'b2b-software', score, before, bracket, stage, priority, disqualified: false });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) {
        chunks.push(chunk as Buffer);
        await this.pace?.();
      }
    } catch {
      // Whoever sent it hung up.
      return;
    }
    response.setHeader('content-security-policy', POLICY);
    response.setHeader('x-content-type-options', 'nosniff');
    response.setHeader('cache-control', 'no-store');
    if (!url.pathname.startsWith('/api/')) return this.file(url.pathname, response);
    this.calls.push(`${request.method} ${url.pathname}${url.search}`);
    const found = this.find(request.method ?? 'GET', url.pathname);
    if (!this.isLoggedIn && !found?.route.open) return send(response, problem(401, 'unknown_caller', 'log in first'));
    if (url.pathname === '/api/v1/stream') return this.stream(response);
    if (!found) return send(response, problem(404, 'not_found', `the mock knows no ${request.method} ${url.pathname}`));
    const bytes = Buffer.concat(chunks);
    let body: unknown = null;
    try {
      body = JSON.parse(bytes.toString('utf8'));
    } catch {
      // It is no JSON, or nothing at all.
    }
    const asked: Asked = { parts: found.parts, query: url.searchParams, body, bytes, headers: request.headers, mock: this };
    send(response, await found.route.answer(asked));
  }

  private find(method: string, path: string): { route: Route; parts: Record<string, string> } | null {
    const given = path.split('/');
    for (const route of this.routes) {
      const wanted = route.path.split('/');
      if (route.method !== method || wanted.length !== given.length) continue;
      if (!wanted.every((want, at) => want.startsWith(':') || want === given[at])) continue;
      const named = wanted.flatMap((want, at) => (want.startsWith(':') ? [[want.slice(1), decodeURIComponent(given[at] ?? '')]] : []));
      return { route, parts: Object.fromEntries(named) as Record<string, string> };
    }
    return null;
  }

  private stream(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('event: hello\ndata: {}\n\n');
    this.streams.add(response);
    response.on('close', () => this.streams.delete(response));
  }

  private async file(path: string, response: ServerResponse): Promise<void> {
    const name = normalize(path).replace(/^\/+/, '');
    const wanted = extname(name) ? name : 'index.html';
    const kinds: Record<string, string> = {
      '.html': 'text/html; charset=utf-8',
      '.js': 'text/javascript; charset=utf-8',
      '.css': 'text/css; charset=utf-8',
      '.svg': 'image/svg+xml',
    };
    try {
      const content = await readFile(join(DIST, wanted));
      response.writeHead(200, { 'content-type': kinds[extname(wanted)] ?? 'application/octet-stream' }).end(content);
    } catch {
      response.writeHead(404).end();
    }
  }
}

function send(response: ServerResponse, answer: unknown): void {
  const reply = answer instanceof Reply ? answer : new Reply(200, answer);
  response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
  response.end(reply.body === undefined ? undefined : typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body));
}
