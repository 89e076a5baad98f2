// The visitor, the sessions and what they say. Every message passes the gate here.
import { randomId } from './browser';
import { type Answers, WAIT, YES, asksForPrivacy, verdict } from './gate';
import { type Content, type Message, type Properties, bare, message, pageNow } from './messages';
import { settings } from './settings';
import { forget, recall, remember } from './storage';
import { add, clear, openTransport } from './transport';

/** What somebody does at the site: it begins a session. */
export const VISIT = 1;
/** What a person sends knowingly: a form, a choice, a login. */
export const ON_PURPOSE = 2;

const SESSION_MS = 18e5;
const PENDING_LENGTH = 100;

/** The site loads the script only after its banner has asked. */
let assumed: boolean;
/** What has been answered and may not be stored. */
let heard: Answers = {};
/** What waits for consent. */
let pending: [Message, number][] = [];
let referrer: string;
/** Who asks for privacy gets a new id with every page, and none is stored. */
let passingId = randomId();

/** Begins. `endpoint`: where batches go. */
export function welcome(endpoint: string): void {
  assumed = settings.consent === 'assumed';
  // A page of the site itself is not where a session comes from.
  referrer = document.referrer.startsWith(location.origin + '/') ? '' : bare(document.referrer);
  // The cookie of a refusal lives for 13 months from the latest page on.
  const memory = recall();
  if (memory.out) remember(memory);
  openTransport(endpoint, () => verdict(heard, assumed, true) === YES);
}

/** Says that something happened; where, the message's context says. `kind`: the sum of `VISIT` and `ON_PURPOSE`, where they hold. */
export function track(event: string, properties?: Properties, kind = VISIT, page = pageNow()): void {
  pass({ type: 'track', event: `${event}`, properties }, kind, page);
}

/** Says who it is, by the site's id or by address, and what is known of them. */
export function identify(id: unknown, traits?: Properties): void {
  const isTraits = typeof id === 'object';
  const name = isTraits ? '' : `${id || ''}`.trim();
  const isAddress = name.includes('@');
  const all: Properties = { ...traits, ...(isTraits ? id : isAddress && { email: name }) };
  pass({ type: 'identify', userId: (!isAddress && name) || undefined, traits: all }, ON_PURPOSE);
}

/** Says which company the person belongs to. */
export function group(id: unknown, traits?: Properties): void {
  if (id) pass({ type: 'group', groupId: `${id}`, traits }, ON_PURPOSE);
}

/** Takes the person's answers: a purpose and a boolean each. `text` names the wording that they have read. */
export function consent(choices: Properties): void {
  const memory = recall();
  if (memory.out) return;
  const after: Answers = { ...heard, ...memory.consent };
  const changed: Answers = {};
  for (const purpose in choices) {
    const choice = choices[purpose];
    // A boolean, and another one than before: a refusal of what was never given is no news.
    if (choice === !after[purpose]) changed[purpose] = after[purpose] = choice;
  }
  if (choices.analytics === false) return withdraw(changed, choices.text);
  if (after.analytics || assumed) {
    remember({ ...memory, consent: after });
    heard = {};
  } else {
    heard = after;
  }
  decided(changed, choices.text);
  pending.splice(0).forEach(([message, kind]) => judge(message, kind));
}

/** Says what the person has decided. `form`: by which form. */
export function decided(choices: Answers, text?: unknown, form?: string | null): void {
  for (const purpose in choices) {
    const event = choices[purpose] ? 'consent_given' : 'consent_withdrawn';
    track(event, { purpose, text, form }, ON_PURPOSE);
  }
}

/** Another person may use the browser from now on: a new visitor, the same consent. */
export function reset(): void {
  const { id, born, consent } = recall();
  passingId = randomId();
  if (id) remember({ born, consent, id: randomId() });
}

/** The person does not want to be followed, whatever the banner says; `false` takes it back. */
export function optOut(out = true): void {
  if (out) {
    withdraw({});
    remember({ out });
  } else if (recall().out) {
    forget();
    heard = {};
  }
}

/** Reports the withdrawal where there was leave until now, and forgets everything. */
function withdraw(changed: Answers, text?: unknown): void {
  clear();
  decided({ ...changed, analytics: false }, text);
  pending = [];
  forget();
  heard = { analytics: false };
  if (assumed) remember({ consent: heard });
}

function pass(content: Content, kind: number, page = pageNow()): void {
  judge(message(content, page), kind);
}

function judge(message: Message, kind: number): void {
  const may = verdict(heard, assumed, kind >= ON_PURPOSE);
  if (settings.debug) console.log('madura', may, message);
  if (may === YES) send(message, kind);
  if (may === WAIT) pending.push([message, kind]);
  // The first is the landing page, the last may be a request: those in between matter least.
  if (pending.length > PENDING_LENGTH) pending.splice(1, 1);
}

function send(message: Message, kind: number): void {
  message.anonymousId = passingId;
  if (!asksForPrivacy()) {
    const memory = recall();
    const { seen } = memory;
    message.anonymousId = memory.id ||= randomId();
    const at = +message.timestamp;
    const isVisit = kind % ON_PURPOSE;
    // Reading goes on with a session and begins none; a decision does neither.
    if (isVisit || (seen && !kind)) memory.seen = at;
    remember(memory);
    if (isVisit && !(at - seen! < SESSION_MS)) {
      const properties = { referrer };
      // Whoever comes back to an open page after a pause does not come from there again.
      referrer = '';
      add({ ...message, messageId: randomId(), event: 'session_started', properties });
    }
  }
  add(message);
}
