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

// Where the browser refuses it, an object serves as long as the page lives.
const store = attempt<Record<string, string>>(() => localStorage, {});

/**
 * What is remembered now. Read each time, for another tab may have changed it. The cookie goes first: all
 * subdomains of the site see it, so that a visitor is one, and a withdrawal holds, on all of them.
 */
export function recall(): Memory {
  return attempt(() => {
    const memory: Memory = JSON.parse(fromCookie() || kept(NAME));
    // A refusal does not expire.
    return Date.now() - memory.born! > LIFETIME_SECONDS * 1e3 && !memory.out ? {} : memory;
  }, {});
}

/** Remembers this instead of what was remembered before. */
export function remember(memory: Memory): void {
  memory.born ||= Date.now();
  const json = JSON.stringify(memory);
  drop(NAME);
  // An opt-out is in both: it does not end with the cookie, and where the one is deleted the other still says it.
  if (!writeCookie(json, LIFETIME_SECONDS) || memory.out) keep(NAME, json);
}

/** Forgets all of it. */
export function forget(): void {
  drop(NAME);
  writeCookie('', 0);
}

/** The keys of the messages that earlier pages and other tabs have left. */
export function waitingKeys(): string[] {
  return Object.keys(store).filter(key => key.startsWith(QUEUE));
}

/** What is kept under this key. */
export function kept(key: string): string {
  return store[key];
}

/** Keeps a text; `false` where there is no room. */
export function keep(key: string, text: string): boolean {
  return !!attempt(() => (store[key] = text));
}

/** Keeps it no longer. */
export function drop(key: string): void {
  delete store[key];
}

function fromCookie(): string | undefined {
  return attempt(() => decodeURIComponent(/\bmadura=([^;]+)/.exec(document.cookie)![1]));
}

/**
 * Writes a cookie for the widest domain that the browser allows, which is the one that the site has registered;
 * whether it stands there now. A sandboxed frame has no cookies and throws.
 */
function writeCookie(text: string, seconds: number): boolean | undefined {
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  return attempt(
    () =>
      location.hostname.split('.').some((_, at, labels) => {
        const domain = labels.slice(-1 - at).join('.');
        document.cookie = `${NAME}=${encodeURIComponent(text)}; Domain=${domain}; Path=/; Max-Age=${seconds}; SameSite=Lax${secure}`;
        return fromCookie() === text;
      }),
  );
}
