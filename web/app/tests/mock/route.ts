/** What the mock answers, address by address. */
import type { IncomingMessage } from 'node:http';
import type { Mock } from './server.ts';

export interface Asked {
  parts: Record<string, string>;
  query: URLSearchParams;
  /** The body as JSON; null where there is none or it is none. */
  body: any;
  /** The body as it came. */
  bytes: Buffer;
  headers: IncomingMessage['headers'];
  mock: Mock;
}

/** An answer other than 200 with JSON. */
export class Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Record<string, string>;
  constructor(status: number, body?: unknown, headers: Record<string, string> = {}) {
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** Problem details, as the real server words them. */
export function problem(status: number, code: string, detail: string, more: Record<string, unknown> = {}): Reply {
  const body = { type: `urn:madura:problem:${code}`, title: code, status, detail, code, message: detail, ...more };
  return new Reply(status, body, { 'content-type': 'application/problem+json' });
}

export interface Route {
  method: string;
  /** Such as `/api/v1/leads/:id`. */
  path: string;
  /** Answered to those who are not logged in, too. */
  open?: boolean;
  answer: (asked: Asked) => unknown;
}

export const route = (method: string, path: string, answer: Route['answer'], open = false): Route => ({ method, path: `/api/v1${path}`, answer, open });
