// Messages leave here: in batches, again and again until the server has them.
import { attempt, safe, warn } from './browser';
import type { Message } from './messages';
import { mayPass, pauseAfter } from './retry';
import { settings } from './settings';
import { QUEUE, drop, keep, kept, waitingKeys } from './storage';

interface Item {
  slot: string;
  json: string;
  /** Whether the browser keeps it under its slot, so that it outlives the page. */
  lasts: boolean;
  /** Whether the browser has been asked to send it even if the page ends. */
  handed?: boolean;
}

const PAUSE_MS = 1e3;
const BATCH_LENGTH = 10;
const CATCH_UP_LENGTH = 50;
/** Browsers hand over 64 KiB after the end of a page; what stands around the messages is part of that. */
const BATCH_BYTES = 6e4;
/** The server takes 32 KiB in one message. */
const MESSAGE_BYTES = 32e3;
const QUEUE_LENGTH = 500;

/** What a person has decided is owed to them, and goes out even when nothing else may any more. */
const DECISION = '"event":"consent_';

/** `RESTING`: the server is left in peace for a while. `SENDING`: a batch is on its way. */
const READY = 0;
const RESTING = 1;
const SENDING = 2;

let endpoint: string;
let allowed: () => boolean;
let queue: Item[] = [];
let timer: ReturnType<typeof setTimeout> | 0;
let state = READY;
let failures = 0;

/**
 * Begins with what earlier pages have left.
 * @param to where batches go.
 * @param mayBeSent whether anything may be sent at this moment.
 */
export function openTransport(to: string, mayBeSent: () => boolean): void {
  endpoint = to;
  allowed = mayBeSent;
  queue = waitingKeys().map(slot => ({ slot, json: kept(slot), lasts: true }));
}

/** Sends a message soon. */
export function add(message: Message): void {
  const json = JSON.stringify(message);
  if (bytes(json) > MESSAGE_BYTES) return warn(json);
  const slot = QUEUE + message.messageId;
  queue.push({ slot, json, lasts: keep(slot, json) });
  if (queue.length > QUEUE_LENGTH) remove([queue[0]]);
  schedule();
}

/** Sends what waits as soon as the agreed pause is over. */
export function schedule(): void {
  if (state || !queue.length) return;
  if (queue.length >= BATCH_LENGTH) flush();
  else timer ||= setTimeout(safe(flush), PAUSE_MS);
}

/** Sends what waits at once, whatever pause was agreed. */
export function flush(): void {
  clearTimeout(timer);
  timer = 0;
  if (state === SENDING) return;
  state = READY;
  tidy();
  const batch = batchOf(queue);
  if (!batch.length) return;
  const answered = safe((status: number, retryAfter?: number) => {
    state = READY;
    if (mayPass(status)) {
      state = RESTING;
      timer = setTimeout(safe(flush), pauseAfter(retryAfter, failures++, Math.random()));
    } else {
      failures = 0;
      remove(batch);
      schedule();
    }
  });
  state = SENDING;
  // A text needs no leave from the server beforehand (no CORS preflight).
  fetch(endpoint, { method: 'POST', body: bodyOf(batch), keepalive: true }).then(
    response => {
      answered(response.status, +response.headers.get('Retry-After')!);
      // The answer says what is wrong, such as the key or the site, and what to do.
      if (!response.ok) response.text().then(warn);
    },
    () => answered(0),
  );
}

/** The page may be about to go: hands everything to the browser, which sends it even then. */
export function beacon(): void {
  tidy();
  const batch = batchOf(queue.filter(item => !item.handed));
  if (!batch.length) return;
  if (!attempt(() => navigator.sendBeacon(endpoint, bodyOf(batch)))) return flush();
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
  for (const item of items) drop(item.slot);
  queue = queue.filter(item => !items.includes(item));
}

/** Lets go of what may not be sent any more, and of what another tab has sent meanwhile. */
function tidy(): void {
  if (!allowed()) remove(queue.filter(item => !item.json.includes(DECISION)));
  queue = queue.filter(item => !item.lasts || kept(item.slot));
}

/** The first of these items that go into one request. */
function batchOf(items: Item[]): Item[] {
  let total = 0;
  return items.slice(0, CATCH_UP_LENGTH).filter((item, at) => (total += bytes(item.json)) <= BATCH_BYTES || !at);
}

/** How long a text is on the wire. */
function bytes(text: string): number {
  return new Blob([text]).size;
}

function bodyOf(batch: Item[]): string {
  return JSON.stringify({ writeKey: settings.key, sentAt: new Date(), batch: batch.map(item => JSON.parse(item.json)) });
}
