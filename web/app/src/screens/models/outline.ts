// What stands where in the text of a model: its criteria, and every number of points in them, so that a
// slider can change one number and leave everything else as its author wrote it.
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node, type YAMLMap } from 'yaml';

/** A number in the text. */
export interface Spot {
  /** Stays the same while numbers change: where it hangs in the document. */
  key: string;
  /** Its first character, and the one behind its last. */
  from: number;
  to: number;
  /** From 1. */
  line: number;
  value: number;
}

/** What the points of a row are for: the row's own bounds. */
export interface Row {
  at_least?: string;
  below?: string;
  at?: string;
}

export interface Weight extends Spot {
  of: 'points' | 'otherwise' | 'unknown' | 'bands' | 'tiers' | 'curve';
  row?: Row;
}

export interface Criterion {
  name: string;
  line: number;
  lastLine: number;
  /** What it looks at, such as `page_viewed` or `company.employees`. */
  looksAt: string;
  weights: Weight[];
}

export interface Group {
  name: string;
  dimension: string | null;
  line: number;
  criteria: Criterion[];
}

export interface Threshold extends Spot {
  of: 'bracket' | 'enter' | 'leave';
  name: string;
}

export interface Outline {
  model: string | null;
  scale: [number, number];
  groups: Group[];
  thresholds: Threshold[];
}

const NUMBER = /^[+-]?\d+(\.\d+)?$/;

/** Reads as much of the text as can be read; what is no model yet has fewer criteria. */
export function outlineOf(text: string): Outline {
  const lines = new LineCounter();
  const document = parseDocument(withoutTests(text), { lineCounter: lines, keepSourceTokens: false, logLevel: 'silent', uniqueKeys: false });
  const reader = new Reader(document, text, lines);
  const root = reader.map(document.contents);
  const scale = reader.items(root, 'scale').map((node) => (isScalar(node) ? Number(node.value) : NaN));
  return {
    model: reader.text(root, 'model'),
    scale: scale.length === 2 && scale.every(Number.isFinite) ? [scale[0]!, scale[1]!] : [0, 100],
    groups: reader.items(root, 'groups').flatMap((node, at) => reader.group(node, at)),
    thresholds: reader.thresholds(root),
  };
}

/** A model's tests are half of its text and have no points: where they come last, they are not read. */
function withoutTests(text: string): string {
  const at = text.search(/^tests:/m);
  return at >= 0 && !/^[^\s#-]/m.test(text.slice(at + 'tests:'.length)) ? text.slice(0, at) : text;
}

/** The outline after a number was written with `withNumber`: spots behind it move, nothing is read anew. */
export function moved(outline: Outline, spot: Spot, value: number): Outline {
  const wider = written(value).length - (spot.to - spot.from);
  const move = <T extends Spot>(one: T): T => {
    if (one.from === spot.from) return { ...one, to: one.to + wider, value };
    return one.from > spot.from ? { ...one, from: one.from + wider, to: one.to + wider } : one;
  };
  return {
    ...outline,
    groups: outline.groups.map((group) => ({
      ...group,
      criteria: group.criteria.map((criterion) => ({ ...criterion, weights: criterion.weights.map(move) })),
    })),
    thresholds: outline.thresholds.map(move),
  };
}

/** The text with another number at a spot. */
export function withNumber(text: string, spot: Pick<Spot, 'from' | 'to'>, value: number): string {
  return text.slice(0, spot.from) + written(value) + text.slice(spot.to);
}

/** A number as models write it: at most two decimals, no exponent. */
export function written(value: number): string {
  const rounded = Math.round(value * 100) / 100;
  return Object.is(rounded, -0) ? '0' : String(rounded);
}

class Reader {
  private readonly document: Document;
  private readonly source: string;
  private readonly lines: LineCounter;

  constructor(document: Document, source: string, lines: LineCounter) {
    this.document = document;
    this.source = source;
    this.lines = lines;
  }

  /** The node itself, or what an alias stands for. */
  private real(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.document) : node;
  }

  map(node: unknown): YAMLMap | null {
    const real = this.real(node);
    return isMap(real) ? real : null;
  }

  private get(map: YAMLMap | null, key: string): unknown {
    const pair = map?.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
    return this.real(pair?.value);
  }

  items(map: YAMLMap | null, key: string): unknown[] {
    const node = this.get(map, key);
    return isSeq(node) ? node.items.map((item) => this.real(item)) : [];
  }

  text(map: YAMLMap | null, key: string): string | null {
    const node = this.get(map, key);
    return isScalar(node) && node.value !== null ? String(node.value) : null;
  }

  private line(node: unknown): number {
    const range = (node as Node | null)?.range;
    return range ? this.lines.linePos(range[0]).line : 1;
  }

  /** The number that a node is, if it is written as models write numbers. */
  private spot(node: unknown, key: string): Spot | null {
    if (!isScalar(node) || typeof node.value !== 'number' || !node.range) return null;
    const [from, to] = node.range;
    if (!NUMBER.test(this.source.slice(from, to))) return null;
    return { key, from, to, line: this.lines.linePos(from).line, value: node.value };
  }

  group(node: unknown, at: number): Group[] {
    const map = this.map(node);
    if (!map) return [];
    const name = this.text(map, 'group') ?? '';
    const criteria = this.items(map, 'criteria').flatMap((one, place) => this.criterion(one, `${at}/${place}`));
    return [{ name, dimension: this.text(map, 'dimension'), line: this.line(map), criteria }];
  }

  private criterion(node: unknown, place: string): Criterion[] {
    const map = this.map(node);
    if (!map) return [];
    const name = this.text(map, 'name') ?? '';
    const key = name || place;
    const weights: Weight[] = [];
    const add = (spot: Spot | null, of: Weight['of'], row?: Row) => {
      if (spot) weights.push(row ? { ...spot, of, row } : { ...spot, of });
    };
    for (const of of ['points', 'otherwise', 'unknown'] as const) add(this.spot(this.get(map, of), `${key}/${of}`), of);
    for (const of of ['bands', 'tiers', 'curve'] as const) {
      this.items(map, of).forEach((item, index) => {
        const row = this.map(item);
        const bounds: Row = {};
        for (const bound of ['at_least', 'below', 'at'] as const) {
          const value = this.text(row, bound);
          if (value !== null) bounds[bound] = value;
        }
        add(this.spot(this.get(row, 'points'), `${key}/${of}/${index}`), of, bounds);
      });
    }
    const last = map.range ? this.lastLine(map.range[1]) : this.line(map);
    return [{ name, line: this.line(map), lastLine: last, looksAt: this.looksAt(map), weights }];
  }

  private lastLine(end: number): number {
    let at = end;
    while (at > 0 && /\s/.test(this.source[at - 1] ?? '')) at -= 1;
    return this.lines.linePos(Math.max(0, at - 1)).line;
  }

  /** The traits and events that are named anywhere in a criterion. */
  private looksAt(map: YAMLMap): string {
    const found = new Set<string>();
    const walk = (node: unknown) => {
      const real = this.real(node);
      if (isSeq(real)) real.items.forEach(walk);
      if (!isMap(real)) return;
      for (const pair of real.items) {
        const key = isScalar(pair.key) ? String(pair.key.value) : '';
        const value = this.real(pair.value);
        if (key === 'event' || key === 'trait') {
          for (const one of isSeq(value) ? value.items : [value]) if (isScalar(one)) found.add(String(one.value));
        } else walk(value);
      }
    };
    walk(map);
    return [...found].join(', ');
  }

  thresholds(root: YAMLMap | null): Threshold[] {
    const found: Threshold[] = [];
    const add = (spot: Spot | null, of: Threshold['of'], name: string) => {
      if (spot) found.push({ ...spot, of, name });
    };
    for (const item of this.items(root, 'brackets')) {
      const map = this.map(item);
      const name = this.text(map, 'name') ?? '';
      add(this.spot(this.get(map, 'from'), `bracket/${name}`), 'bracket', name);
    }
    for (const item of this.items(root, 'stages')) {
      const map = this.map(item);
      const name = this.text(map, 'stage') ?? '';
      for (const of of ['enter', 'leave'] as const) {
        add(this.spot(this.get(this.map(this.get(map, of)), 'score'), `${of}/${name}`), of, name);
      }
    }
    return found;
  }
}
