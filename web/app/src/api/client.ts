/** Calls to the server: JSON out, JSON in, problem details (RFC 9457) as errors. */

/** Something that is wrong at one place of what was sent. */
export interface Fault {
  pointer: string;
  detail: string;
  /** Of a text: where it begins, from 1. */
  line?: number;
  column?: number;
  /** What to do about it. */
  remedy?: string;
}

/** An answer that is no success. `message` is the server's sentence, with the remedy in it. */
export class Problem extends Error {
  readonly status: number;
  /** For programs, such as `wrong_password`; `offline` where no answer came. */
  readonly code: string;
  readonly faults: Fault[];
  /** Everything else that the answer says, such as the `diagnostics` of a model. */
  readonly details: Record<string, unknown>;

  constructor(status: number, code: string, message: string, faults: Fault[] = [], details: Record<string, unknown> = {}) {
    super(message);
    this.name = 'Problem';
    this.status = status;
    this.code = code;
    this.faults = faults;
    this.details = details;
  }
}

export interface Options {
  /** Ends the call when the answer is of no use any more. */
  signal?: AbortSignal;
  /** The tag of the version that is meant to be changed: the server refuses to change another one. */
  ifMatch?: string | null;
  /** Names this wish, so that the server carries it out once however often it arrives. */
  key?: string;
}

export interface Answer<T> {
  body: T;
  /** What to hand back as `ifMatch`. */
  tag: string | null;
}

let shutOut: () => void = () => {};

/** What happens when the server does not know the caller any more. */
export function onShutOut(act: () => void): void {
  shutOut = act;
}

/** A name for one wish, see `Options.key`. */
export function wishKey(): string {
  // `crypto.randomUUID` is missing where the page is not served over https.
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

export async function ask<T>(method: string, path: string, body?: unknown, options: Options = {}): Promise<Answer<T>> {
  const headers: Record<string, string> = { accept: 'application/json' };
  let content: BodyInit | undefined;
  if (body !== undefined) {
    content = JSON.stringify(body);
    headers['content-type'] = 'application/json';
  }
  if (options.ifMatch) headers['if-match'] = options.ifMatch;
  if (options.key) headers['idempotency-key'] = options.key;
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, { method, headers, body: content, signal: options.signal });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Problem(0, 'offline', '');
  }
  if (response.status === 204) return { body: undefined as T, tag: null };
  const told: unknown = await response.json().catch(() => null);
  if (!response.ok) throw failure(response.status, response.statusText, told);
  return { body: told as T, tag: response.headers.get('etag') };
}

/** What an answer that is no success says. Whoever is not known any more is turned away. */
export function failure(status: number, statusText: string, told: unknown): Problem {
  const details = told && typeof told === 'object' ? (told as Record<string, unknown>) : {};
  const text = (name: string) => (typeof details[name] === 'string' ? details[name] : undefined);
  const message = text('detail') ?? text('message') ?? text('title') ?? statusText;
  const faults = Array.isArray(details['errors']) ? (details['errors'] as Fault[]) : [];
  const problem = new Problem(status, text('code') ?? `status_${status}`, message, faults, details);
  if (status === 401 && problem.code !== 'wrong_password') shutOut();
  return problem;
}

export const get = async <T>(path: string, options?: Options): Promise<T> => (await ask<T>('GET', path, undefined, options)).body;
export const post = async <T>(path: string, body?: unknown, options?: Options): Promise<T> => (await ask<T>('POST', path, body, options)).body;
export const put = async <T>(path: string, body?: unknown, options?: Options): Promise<T> => (await ask<T>('PUT', path, body, options)).body;
export const patch = async <T>(path: string, body?: unknown, options?: Options): Promise<T> => (await ask<T>('PATCH', path, body, options)).body;
export const remove = async <T = void>(path: string, options?: Options): Promise<T> => (await ask<T>('DELETE', path, undefined, options)).body;

/** A path with its query; what is empty is left out. */
export { address } from '../router.svelte.ts';

/** One part of a path, whatever characters it has. */
export const part = encodeURIComponent;
