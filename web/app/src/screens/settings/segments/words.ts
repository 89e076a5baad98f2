// Conditions in the reader's words.
import { eventName } from '../../../texts/events.ts';
import { country } from '../../../texts/format.ts';
import { language } from '../../../texts/language.svelte.ts';
import { say } from '../../../texts/segments.ts';
import { traitName } from '../../../texts/traits.ts';
import { NOWHERE, type EventPart, type GroupPart, type Part, type PlacePart, type Test, type Value } from './condition.ts';

/** Events that go by these names wherever they come from. */
export const EVENTS = [
  'page_viewed', 'session_started', 'form_submitted', 'file_downloaded', 'demo_requested', 'trial_requested', 'email_opened', 'email_clicked', 'video_watched', 'webinar_registered', 'webinar_attended', 'purchased',
];

const isCountry = (path: string) => path === 'country' || path.endsWith('.country');

/** A value as people say it: countries by their names. */
export function valueName(value: Value, path: string): string {
  return isCountry(path) && typeof value === 'string' && /^[A-Z]{2}$/.test(value) ? country(value) : String(value).replaceAll('_', ' ');
}

/** What is meant by a country's name, in the reader's language or in English: its two letters. */
export function meant(typed: string, path: string): string {
  if (!isCountry(path)) return typed;
  if (/^[a-z]{2}$/i.test(typed)) return typed.toUpperCase();
  const plain = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  for (const spoken of [language(), 'en']) {
    const names = new Intl.DisplayNames(spoken, { type: 'region', fallback: 'none' });
    for (let at = 0; at < 676; at += 1) {
      const code = String.fromCharCode(65 + Math.floor(at / 26), 65 + (at % 26));
      const name = names.of(code);
      if (name && plain(name) === plain(typed)) return code;
    }
  }
  return typed;
}

export const UNITS = ['h', 'd', 'w', 'mo', 'y'] as const;
export type Unit = (typeof UNITS)[number];

/** `30d` as 30 and `d`; null: it is written in another way. */
export function span(text: string): { amount: number; unit: Unit } | null {
  const [, amount, unit] = /^(\d+)(h|d|w|mo|y)$/.exec(text) ?? [];
  return amount && unit ? { amount: Number(amount), unit: unit as Unit } : null;
}

export function spanName(text: string): string {
  const known = span(text);
  return known ? say(`span_${known.unit}`, { count: known.amount }) : text;
}

const joined = (texts: string[], type: 'conjunction' | 'disjunction') => new Intl.ListFormat(language(), { type }).format(texts);

function testWords({ operator, values }: Test, path: string): string {
  switch (operator) {
    case 'known':
    case 'unknown':
      return say(`op_${operator}`);
    case 'within':
    case 'older_than':
      return `${say(`op_${operator}`)} ${spanName(String(values[0] ?? ''))}`;
    case 'between':
      return say('told_between', { from: String(values[0] ?? ''), to: String(values[1] ?? '') });
    case 'is':
    case 'is_not':
      return `${say(`op_${operator}`)} ${joined(values.map((value) => valueName(value, path)), 'disjunction')}`;
    default:
      return `${say(`op_${operator}`)} ${String(values[0] ?? '')}`;
  }
}

function eventWords({ names, details, within, times, isDone }: EventPart): string {
  const words = [`${say(isDone ? 'did' : 'did_not')}: ${joined(names.map(eventName), 'disjunction')}`];
  if (details.length) words.push(`(${joined(details.map(({ path, test }) => `${path} ${testWords(test, path)}`), 'conjunction')})`);
  if (times > 1) words.push(say('told_times', { count: times }));
  if (within) words.push(say('told_within', { span: spanName(within) }));
  return words.join(' ');
}

/** A bracket or a stage as people say it. */
export const placeName = (name: string) => (name === NOWHERE ? say('nowhere') : name.replaceAll('_', ' '));

function placeWords({ of, model, names, from, upTo, isIn }: PlacePart): string {
  const range = from !== null && upTo !== null ? say('told_range', { from: String(from), to: String(upTo) }) : from !== null ? say('told_from', { from: String(from) }) : say('told_up_to', { to: String(upTo ?? '') });
  const place = of === 'score' ? range : joined(names.map(placeName), 'disjunction');
  return `${say(`of_${of}`)}${model ? ` (${model})` : ''} ${say(isIn ? 'op_is' : 'op_is_not')} ${place}`;
}

function groupWords({ join, parts }: GroupPart): string {
  const words = parts.map((part) => (part.kind === 'group' && part.parts.length > 1 ? `(${inWords(part)})` : inWords(part)));
  const together = join === 'all' ? joined(words, 'conjunction') : joined(words, 'disjunction');
  return join === 'none' ? say('told_none', { parts: together }) : together;
}

/** A condition as a line of text. */
export function inWords(part: Part): string {
  switch (part.kind) {
    case 'trait':
      return `${traitName(part.path)} ${testWords(part.test, part.path)}`;
    case 'event':
      return eventWords(part);
    case 'place':
      return placeWords(part);
    case 'group':
      return groupWords(part);
  }
}
