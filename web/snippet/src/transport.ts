// Messages leave here: in batches, again and again until the server has them.
import { attempt, safe } from './browser';
import type { Message } from './messages';
import { DONE, pauseAfter } from './retry';
import { QUEUE, drop, keep, kept, waitingKeys } from './storage';

interface Item {
  key: string;
  json: string;
  /** Whether the browser keeps it under its key, so that it outlives the page. */
  lasts: boolean;
  /** Whether the browser has been asked to send it even if the page ends. */
  handed?: boolean;
}

const PAUSE_MS = 1e3;
const BATCH_LENGTH = 10;
const CATCH_UP_LENGTH = 50;
/** Browsers hand over 64 KiB after the end of a page, and a character takes up to three bytes. */
const BATCH_CHARACTERS = 2e4;
/** The server takes 32 KiB in one message. */
const MESSAGE_CHARACTERS = 32e3;
const QUEUE_LENGTH = 500;

/** What a person has decided is owed to them, and goes out even when nothing else may any more. */
const DECISION = '"event":"consent_';

let endpoint: string;
let writeKey: string;
let allowed: () => boolean;
let queue: Item[] = [];
let timer: ReturnType<typeof setTimeout> | undefined;
let sending: boolean;
let resting: boolean;
let failures = 0;

/**
 * Begins with what earlier pages have left.
 * @param to where batches go.
 * @param key what the server knows the site by.
 * @param mayBeSent whether anything may be sent at this moment.
 */
export function openTransport(to: string, key: string, mayBeSent: () => boolean): void {
  endpoint = to;
  writeKey = key;
  allowed = mayBeSent;
  queue = waitingKeys().map(key => ({ key, json: kept(key)!, lasts: true }));
}

/** Sends a message soon. */
export function add(message: Message): void {
  const json = JSON.stringify(message);
  if (json.length > MESSAGE_CHARACTERS) return;
  const key = QUEUE + message.messageId;
  queue.push({ key, json, lasts: keep(key, json) });
  if (queue.length > QUEUE_LENGTH) remove([queue[0]]);
  schedule();
}

/** Sends what waits as soon as the agreed pause is over. */
export function schedule(): void {
  if (sending || resting || !queue.length) return;
  if (queue.length >= BATCH_LENGTH) flush();
  else timer = timer || setTimeout(safe(flush), PAUSE_MS);
}

/** Sends what waits at once, whatever pause was agreed. */
export function flush(): void {
  clearTimeout(timer);
  timer = undefined;
  if (sending) return;
  resting = false;
  tidy();
  const batch = batchOf(queue);
  if (!batch.length) return;
  const body = bodyOf(batch);
  const answered = safe((status: number, retryAfter: number) => {
    sending = false;
    const pause = pauseAfter(status, retryAfter, failures++, Math.random());
    if (pause === DONE) {
      failures = 0;
      remove(batch);
      schedule();
    } else {
      resting = true;
      timer = setTimeout(safe(flush), pause);
    }
  });
  sending = true;
  // A text needs no leave from the server beforehand (no CORS preflight).
  fetch(endpoint, { method: 'POST', body, credentials: 'omit', keepalive: body.length < BATCH_CHARACTERS + 500 }).then(
    ({ status, headers }) => answered(status, +headers.get('Retry-After')!),
    () => answered(0, 0),
  );
}

/** The page may be about to go: hands everything to the browser, which sends it even then. */
export function beacon(): void {
  tidy();
  const batch = batchOf(queue.filter(item => !item.handed));
  if (!batch.length) return;
  if (!attempt(() => navigator.sendBeacon(endpoint, bodyOf(batch)), false)) return flush();
  // What is handed over stays in the queue, for nobody says whether it arrives: the next page
  // sends it along with its own, and the message's id makes the repetition harmless.
  for (const item of batch) item.handed = true;
  beacon();
}

/** Throws away what waits, here and in other tabs. */
export function clear(): void {
  queue = [];
  waitingKeys().forEach(drop);
}

function remove(items: Item[]): void {
  for (const item of items) drop(item.key);
  queue = queue.filter(item => !items.includes(item));
}

/** Lets go of what may not be sent any more, and of what another tab has sent meanwhile. */
function tidy(): void {
  if (!allowed()) remove(queue.filter(item => !item.json.includes(DECISION)));
  queue = queue.filter(item => !item.lasts || kept(item.key));
}

/** The first of these items that go into one request. */
function batchOf(items: Item[]): Item[] {
  let characters = 0;
  return items
    .slice(0, CATCH_UP_LENGTH)
    .filter((item, at) => (characters += item.json.length) <= BATCH_CHARACTERS || !at);
}

function bodyOf(batch: Item[]): string {
  const envelope = JSON.stringify({ writeKey, sentAt: new Date() });
  return `${envelope.slice(0, -1)},"batch":[${batch.map(item => item.json).join()}]}`;
}
