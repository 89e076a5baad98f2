// What conditions can be about: what the models look at, and what has lately become known or happened.
import type { Model } from '../../../api/types.ts';
import type { Words } from '../../models/complete.ts';
import { OPERATORS, type Value } from './condition.ts';

/** A condition that a model has under a name. */
export interface Ready {
  /** The model, and its group. */
  from: string;
  name: string;
  condition: unknown;
}

export interface Vocabulary {
  /** Values that were seen, by trait. */
  traits: Map<string, Value[]>;
  /** Values that were seen, by event and property. */
  events: Map<string, Map<string, Value[]>>;
  ready: Ready[];
  /** The models in force, whose brackets and stages can be asked for. */
  models: Model[];
}

interface Seen {
  kind: string;
  name: string;
  body: unknown;
}

/** More different values than this, and they are names, addresses and the like: nobody chooses from those. */
const VALUES_MAX = 40;
const READY_MAX = 200;

type Fields = Record<string, unknown>;
const isFields = (told: unknown): told is Fields => typeof told === 'object' && told !== null && !Array.isArray(told);
const isValue = (told: unknown): told is Value => ['string', 'number', 'boolean'].includes(typeof told);

/** Keys that test a value; what else stands beside a trait says what it gives. */
const TESTS = new Set<string>([...OPERATORS.text, ...OPERATORS.number, ...OPERATORS.date, 'in', 'not_in', 'exists', 'exact']);

/** From documents of models as they were parsed, and facts of late. Both are told by others, and may be anything. */
export function gather(documents: readonly unknown[], facts: readonly Seen[]): Vocabulary {
  const traits = new Map<string, Set<Value>>();
  const events = new Map<string, Map<string, Set<Value>>>();
  const ready: Ready[] = [];

  const note = (into: Map<string, Set<Value>>, path: string, values: readonly unknown[]) => {
    const known = into.get(path) ?? new Set();
    into.set(path, known);
    for (const value of values) if (isValue(value) && value !== '' && known.size <= VALUES_MAX) known.add(value);
  };
  const event = (name: string) => {
    const known = events.get(name) ?? new Map<string, Set<Value>>();
    events.set(name, known);
    return known;
  };
  const tested = (test: Fields): unknown[] => [test['is'], test['is_not'], test['starts_with'], test['contains'], ...list(test['in']), ...list(test['not_in'])];

  function walk(condition: unknown): void {
    if (!isFields(condition)) return;
    if (typeof condition['trait'] === 'string') note(traits, condition['trait'], tested(condition));
    for (const name of list(condition['event'])) {
      if (typeof name !== 'string') continue;
      const known = event(name);
      if (isFields(condition['where'])) for (const [path, test] of Object.entries(condition['where'])) note(known, path, isFields(test) ? tested(test) : []);
    }
    for (const inner of [...list(condition['all']), ...list(condition['any']), condition['not']]) walk(inner);
  }

  function take(from: string, told: unknown): void {
    if (!isFields(told)) return;
    const condition = conditionOf(told);
    if (isFields(told['since'])) walk(told['since']);
    walk(told);
    if (!condition) return;
    walk(condition);
    if (typeof told['name'] === 'string' && ready.length < READY_MAX) ready.push({ from, name: told['name'], condition });
  }

  for (const document of documents) {
    if (!isFields(document)) continue;
    const model = String(document['model'] ?? '');
    for (const group of list(document['groups'])) {
      if (!isFields(group)) continue;
      for (const criterion of list(group['criteria'])) take(`${model} · ${String(group['group'] ?? '')}`, criterion);
    }
    for (const gate of list(document['gates'])) take(model, gate);
  }
  for (const fact of facts) {
    if (fact.kind === 'traits') for (const [path, value] of flat(fact.body)) note(traits, path, [value]);
    if (fact.kind === 'event') {
      const known = event(fact.name);
      for (const [path, value] of flat(fact.body)) note(known, path, [value]);
    }
  }
  return { traits: told(traits), events: new Map([...events].map(([name, known]) => [name, told(known)])), ready, models: [] };
}

/** The same with everything that the server knows facts to be called; what was seen of values stays. */
export function withWords(seen: Vocabulary, words: Words): Vocabulary {
  const traits = new Map(words.traits.map(({ path }) => [path, seen.traits.get(path) ?? []]));
  for (const [path, values] of seen.traits) if (!traits.has(path)) traits.set(path, values);
  const events = new Map(words.events.map(({ name, properties }) => [name, new Map(properties.map(({ path }) => [path, seen.events.get(name)?.get(path) ?? []]))]));
  for (const [name, known] of seen.events) {
    const all = events.get(name) ?? new Map<string, Value[]>();
    for (const [path, values] of known) if (!all.has(path)) all.set(path, values);
    events.set(name, all);
  }
  return { ...seen, traits, events };
}

/** What a criterion or a gate asks, as a condition; null: it counts something that is neither true nor false. */
function conditionOf(told: Fields): unknown {
  if (told['when']) return told['when'];
  if (typeof told['trait'] === 'string') {
    const tests = Object.entries(told).filter(([key]) => TESTS.has(key));
    return tests.some(([key]) => key !== 'exact') ? { trait: told['trait'], ...Object.fromEntries(tests) } : null;
  }
  if (!told['event']) return null;
  return Object.fromEntries(['event', 'where', 'within'].flatMap((key) => (told[key] === undefined ? [] : [[key, told[key]]])));
}

function told(seen: Map<string, Set<Value>>): Map<string, Value[]> {
  return new Map([...seen].map(([path, values]) => [path, values.size > VALUES_MAX ? [] : [...values]]));
}

/** All values within something, by dotted path. */
function flat(value: unknown, path = ''): [string, unknown][] {
  if (isFields(value)) return Object.entries(value).flatMap(([key, inner]) => flat(inner, path ? `${path}.${key}` : key));
  return path ? [[path, value]] : [];
}

function list(told: unknown): unknown[] {
  if (told === undefined || told === null) return [];
  return Array.isArray(told) ? told : [told];
}

/** What somebody typed as a value: as it was seen, else a number where it is one, else text. */
export function valueOf(typed: string, seen: readonly Value[]): Value {
  const text = typed.trim();
  const known = seen.find((value) => String(value).toLowerCase() === text.toLowerCase());
  if (known !== undefined) return known;
  const areTexts = seen.length > 0 && seen.every((value) => typeof value === 'string');
  if (!areTexts && /^-?(0|[1-9]\d*)(\.\d+)?$/.test(text)) return Number(text);
  if (!areTexts && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}
