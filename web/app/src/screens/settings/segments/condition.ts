// A condition of the model language as parts that people put together, and back. What the parts cannot say stays text.

export type Value = string | number | boolean;

export const OPERATORS = {
  text: ['is', 'is_not', 'contains', 'starts_with', 'ends_with', 'matches'],
  number: ['at_least', 'at_most', 'above', 'below', 'between'],
  date: ['within', 'older_than'],
  presence: ['known', 'unknown'],
} as const;

export type Operator = (typeof OPERATORS)[keyof typeof OPERATORS][number];

/** A test of one value. `is` and `is_not` take several values, `between` two, `known` and `unknown` none, others one. */
export interface Test {
  operator: Operator;
  values: Value[];
  /** Compares text to the letter. */
  isExact: boolean;
}

export interface TraitPart {
  kind: 'trait';
  id: number;
  path: string;
  test: Test;
}

export interface Detail {
  id: number;
  path: string;
  test: Test;
}

export interface EventPart {
  kind: 'event';
  id: number;
  /** Any of them counts. */
  names: string[];
  /** Properties, which all must be so. */
  details: Detail[];
  /** A length of time such as `30d`; empty: ever. */
  within: string;
  times: number;
  /** Whether it is asked that it happened so often, or that it did not. */
  isDone: boolean;
}

export interface GroupPart {
  kind: 'group';
  id: number;
  join: 'all' | 'any' | 'none';
  parts: Part[];
}

/** Where a model puts a lead. */
export interface PlacePart {
  kind: 'place';
  id: number;
  of: 'bracket' | 'stage' | 'score';
  /** Empty: the model that people look at first. */
  model: string;
  /** Brackets or stages, any of which will do; {@link NOWHERE} is none of them. */
  names: string[];
  /** A range of scores, both ends included; null: open. */
  from: number | null;
  upTo: number | null;
  /** Whether it is asked that the lead is there, or that it is not. */
  isIn: boolean;
}

/** No name is empty. */
export const NOWHERE = '';

export type Part = TraitPart | EventPart | PlacePart | GroupPart;

type Fields = Record<string, unknown>;

let last = 0;
const fresh = () => ++last;

export const newTrait = (path = ''): TraitPart => ({ kind: 'trait', id: fresh(), path, test: newTest() });
export const newEvent = (name = ''): EventPart => ({ kind: 'event', id: fresh(), names: name ? [name] : [], details: [], within: '30d', times: 1, isDone: true });
export const newPlace = (of: PlacePart['of'] = 'bracket'): PlacePart => ({ kind: 'place', id: fresh(), of, model: '', names: [], from: null, upTo: null, isIn: true });
export const newDetail = (): Detail => ({ id: fresh(), path: '', test: newTest('contains') });
export const newGroup = (join: GroupPart['join'] = 'all', parts: Part[] = []): GroupPart => ({ kind: 'group', id: fresh(), join, parts });
export const newTest = (operator: Operator = 'is'): Test => ({ operator, values: [], isExact: false });

/** A condition as a group of parts; null: it says what only text can say. */
export function read(condition: unknown): GroupPart | null {
  const part = readPart(condition);
  return part && (part.kind === 'group' ? part : newGroup('all', [part]));
}

/** Parts as the condition that the server takes. */
export function write(part: Part): Fields {
  switch (part.kind) {
    case 'trait':
      return { trait: part.path, ...writeTest(part.test) };
    case 'event':
      return writeEvent(part);
    case 'place':
      return writePlace(part);
    case 'group': {
      const parts = part.parts.map(write);
      const only = parts.length === 1 ? parts[0] : undefined;
      if (part.join === 'none') return { not: only ?? { any: parts } };
      return only ?? { [part.join]: parts };
    }
  }
}

/** Why a part says nothing yet; null: it is whole. */
export function lacks(part: Part): 'parts' | 'trait' | 'event' | 'value' | 'detail' | 'twice' | null {
  switch (part.kind) {
    case 'trait':
      return part.path ? (isWhole(part.test) ? null : 'value') : 'trait';
    case 'event': {
      if (!part.names.length) return 'event';
      if (part.details.some(({ path, test }) => !path || !isWhole(test))) return 'detail';
      const asked = part.details.flatMap(({ path, test }) => Object.keys(writeTest(test)).map((key) => `${path} ${key}`));
      return new Set(asked).size < asked.length ? 'twice' : null;
    }
    case 'place':
      return part.of === 'score' ? (isRange(part) ? null : 'value') : part.names.length ? null : 'value';
    case 'group':
      if (!part.parts.length) return 'parts';
      for (const inner of part.parts) {
        const lack = lacks(inner);
        if (lack) return lack;
      }
      return null;
  }
}

function isRange({ from, upTo }: PlacePart): boolean {
  if (Number.isNaN(from) || Number.isNaN(upTo)) return false;
  return from !== null ? upTo === null || from <= upTo : upTo !== null;
}

function isWhole({ operator, values }: Test): boolean {
  if (operator === 'known' || operator === 'unknown') return true;
  return values.length >= (operator === 'between' ? 2 : 1) && values.every((value) => value !== '' && !Number.isNaN(value));
}

function writeEvent({ names, details, within, times, isDone }: EventPart): Fields {
  const where: Record<string, Fields> = {};
  for (const { path, test } of details) where[path] = { ...where[path], ...writeTest(test) };
  const event: Fields = { event: names.length === 1 ? names[0] : names };
  if (details.length) event['where'] = where;
  if (within) event['within'] = within;
  if (times > 1) event['at_least'] = times;
  return isDone ? event : { not: event };
}

function writePlace({ of, model, names, from, upTo, isIn }: PlacePart): Fields {
  const told = names.map((name) => (name === NOWHERE ? null : name));
  const score = { ...(from === null ? {} : { at_least: from }), ...(upTo === null ? {} : { at_most: upTo }) };
  const place: Fields = { [of]: of === 'score' ? score : told.length === 1 ? told[0] : told };
  if (model) place['model'] = model;
  return isIn ? place : { not: place };
}

function writeTest({ operator, values, isExact }: Test): Fields {
  const exact = isExact ? { exact: true } : {};
  switch (operator) {
    case 'is':
      return { ...(values.length === 1 ? { is: values[0] } : { in: values }), ...exact };
    case 'is_not':
      return { ...(values.length === 1 ? { is_not: values[0] } : { not_in: values }), ...exact };
    case 'known':
    case 'unknown':
      return { exists: operator === 'known' };
    case 'between':
      return { between: values.slice(0, 2) };
    default:
      return { [operator]: values[0], ...exact };
  }
}

function readPart(told: unknown): Part | null {
  if (!isFields(told)) return null;
  const only = (...keys: string[]) => Object.keys(told).every((key) => keys.includes(key));
  if ('trait' in told) return readTrait(told);
  if ('event' in told) return only('event', 'where', 'within', 'at_least') ? readEvent(told) : null;
  for (const of of ['bracket', 'stage', 'score'] as const) {
    if (of in told) return only(of, 'model') ? readPlace(of, told) : null;
  }
  for (const join of ['all', 'any'] as const) {
    if (join in told) return only(join) ? readGroup(join, told[join]) : null;
  }
  if (!('not' in told) || !only('not')) return null;
  const inner = readPart(told['not']);
  if (!inner) return null;
  if (inner.kind === 'place' && inner.isIn) return { ...inner, isIn: false };
  if (inner.kind === 'event' && inner.isDone) return { ...inner, isDone: false };
  if (inner.kind === 'group' && inner.join === 'any') return { ...inner, join: 'none' };
  return newGroup('none', [inner]);
}

function readGroup(join: 'all' | 'any', told: unknown): GroupPart | null {
  if (!Array.isArray(told)) return null;
  const parts = told.map(readPart);
  return parts.every((part) => part !== null) ? newGroup(join, parts) : null;
}

/** Several tests of one trait are several parts, all of which must be true. */
function readTrait({ trait, ...tests }: Fields): Part | null {
  if (typeof trait !== 'string') return null;
  const found = readTests(tests);
  if (!found?.length) return null;
  const parts = found.map((test): TraitPart => ({ kind: 'trait', id: fresh(), path: trait, test }));
  return parts.length === 1 ? (parts[0] ?? null) : newGroup('all', parts);
}

function readPlace(of: PlacePart['of'], told: Fields): PlacePart | null {
  const model = told['model'] ?? '';
  if (typeof model !== 'string') return null;
  const place = { ...newPlace(of), model };
  const value = told[of];
  if (of === 'score') {
    if (!isFields(value) || !Object.keys(value).every((key) => key === 'at_least' || key === 'at_most')) return null;
    const end = (key: string) => value[key] ?? null;
    const [from, upTo] = [end('at_least'), end('at_most')];
    const isEnd = (one: unknown): one is number | null => one === null || typeof one === 'number';
    return isEnd(from) && isEnd(upTo) ? { ...place, from, upTo } : null;
  }
  const names: unknown[] = Array.isArray(value) ? value : [value];
  if (!names.every((name): name is string | null => name === null || typeof name === 'string')) return null;
  return { ...place, names: names.map((name) => name ?? NOWHERE) };
}

function readEvent({ event, where = {}, within = '', at_least: times = 1 }: Fields): EventPart | null {
  const names: unknown[] = Array.isArray(event) ? event : [event];
  if (!names.every((name) => typeof name === 'string') || typeof within !== 'string' || typeof times !== 'number' || !isFields(where)) return null;
  const details: Detail[] = [];
  for (const [path, told] of Object.entries(where)) {
    const tests = isFields(told) ? readTests(told) : null;
    if (!tests) return null;
    details.push(...tests.map((test) => ({ id: fresh(), path, test })));
  }
  return { kind: 'event', id: fresh(), names, details, within, times, isDone: true };
}

const SINGLE: readonly string[] = ['contains', 'starts_with', 'ends_with', 'matches', 'at_least', 'at_most', 'above', 'below', 'within', 'older_than'];

function readTests({ exact = false, ...tests }: Fields): Test[] | null {
  if (typeof exact !== 'boolean') return null;
  const found = Object.entries(tests).map(([key, told]): Test | null => {
    const of = (operator: Operator, values: unknown[]): Test | null => (values.every(isValue) ? { operator, values, isExact: exact } : null);
    if (key === 'is' || key === 'is_not') return of(key, [told]);
    if (key === 'in' || key === 'not_in') return Array.isArray(told) ? of(key === 'in' ? 'is' : 'is_not', told) : null;
    if (key === 'between') return Array.isArray(told) && told.length === 2 ? of('between', told) : null;
    if (key === 'exists') return typeof told === 'boolean' ? of(told ? 'known' : 'unknown', []) : null;
    return SINGLE.includes(key) ? of(key as Operator, [told]) : null;
  });
  return found.every((test) => test !== null) ? found : null;
}

const isFields = (told: unknown): told is Fields => typeof told === 'object' && told !== null && !Array.isArray(told);
const isValue = (told: unknown): told is Value => ['string', 'number', 'boolean'].includes(typeof told);
