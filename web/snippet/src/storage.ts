// What stays in the browser between two pages. Nothing is written before consent; see gate.ts.
import { attempt } from './browser';

/** What is remembered of a browser. */
export interface Memory {
  /** The visitor's id: 128 random bits. */
  id?: string;
  /** When this was begun, in milliseconds since 1970; after 13 months all of it is forgotten. */
  born?: number;
  /** When the visitor was last active, in milliseconds since 1970. */
  seen?: number;
  /** The answers given to questions of consent, by purpose. */
  consent?: Record<string, boolean>;
  /** The person does not want to be followed, whatever else is asked. */
  out?: boolean;
}

const NAME = 'madura';
/** Each waiting message has an entry of its own, so that tabs do not get into each other's way. */
export const QUEUE = NAME + '.q.';
/** 13 months: the longest that data protection authorities let an audience cookie live. */
const LIFETIME_SECONDS = 395 * 86400;

// For browsers that refuse both stores; as long as the page lives. Empty where one of them serves,
// so that what another tab forgets is forgotten here too.
let held = '';

/** What is remembered now. Read each time, for another tab may have changed it. */
export function recall(): Memory {
  return attempt(() => {
    const memory: Memory = JSON.parse(kept(NAME) || fromCookie() || held);
    // A refusal does not expire.
    return Date.now() - memory.born! > LIFETIME_SECONDS * 1e3 && !memory.out ? {} : memory;
  }, {});
}

/** Remembers this instead of what was remembered before. */
export function remember(memory: Memory): void {
  memory.born = memory.born || Date.now();
  const json = JSON.stringify(memory);
  held = keep(NAME, json) || (writeCookie(json, LIFETIME_SECONDS), fromCookie()) ? '' : json;
}

/** Forgets all of it. */
export function forget(): void {
  held = '';
  drop(NAME);
  writeCookie('', 0);
}

/** The keys of the messages that earlier pages and other tabs have left. */
export function waitingKeys(): string[] {
  return attempt(() => Object.keys(localStorage), []).filter(key => key.startsWith(QUEUE));
}

/** What is kept under this key. */
export function kept(key: string): string | null {
  return attempt(() => localStorage.getItem(key), null);
}

/** Keeps a text; `false` where the browser refuses. */
export function keep(key: string, text: string): boolean {
  return attempt(() => (localStorage.setItem(key, text), true), false);
}

/** Keeps it no longer. */
export function drop(key: string): void {
  attempt(() => localStorage.removeItem(key));
}

function fromCookie(): string {
  return attempt(() => decodeURIComponent(/\bmadura=([^;]+)/.exec(document.cookie)![1]), '');
}

/** A sandboxed frame has no cookies and throws. */
function writeCookie(text: string, seconds: number): void {
  attempt(() => {
    const secure = location.protocol === 'https:' ? '; Secure' : '';
    document.cookie = `${NAME}=${encodeURIComponent(text)}; Path=/; Max-Age=${seconds}; SameSite=Lax${secure}`;
  });
}
