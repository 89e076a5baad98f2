/** The course of a score as a picture: where lines, marks and labels stand. */
import type { Change, Course, Sample } from './types.ts';

export interface Frame {
  width: number;
  height: number;
  /** Room for the labels of both axes. */
  left: number;
  bottom: number;
  top: number;
  right: number;
}

export interface Scales {
  x: (at: number) => number;
  y: (score: number) => number;
  /** The instant at a place. */
  at: (x: number) => number;
  from: number;
  to: number;
  top: number;
  ticks: number[];
}

/** Round steps for an axis of scores. */
export function ticksTo(top: number): number[] {
  const step = [1, 2, 5, 10, 20, 25, 50, 100, 250, 500, 1000].find((one) => top / one <= 4) ?? 10 ** Math.floor(Math.log10(top));
  const ticks = [];
  for (let tick = 0; tick < top + step; tick += step) ticks.push(tick);
  return ticks;
}

export function scales(course: Course, frame: Frame): Scales {
  const from = Date.parse(course.from);
  const to = Date.parse(course.to);
  const ticks = ticksTo(Math.max(10, ...course.samples.map((sample) => sample.score)));
  const top = ticks.at(-1) ?? 10;
  const wide = Math.max(1, frame.width - frame.left - frame.right);
  const high = Math.max(1, frame.height - frame.top - frame.bottom);
  const long = Math.max(1, to - from);
  return {
    x: (at) => frame.left + (wide * (at - from)) / long,
    y: (score) => frame.top + high - (high * Math.max(0, score)) / top,
    at: (x) => Math.max(from, Math.min(to, from + (long * (x - frame.left)) / wide)),
    ...{ from, to, top, ticks },
  };
}

/** A line that stays until the score changes: a jump is a jump. */
export function path(samples: readonly Sample[], { x, y }: Scales): string {
  let last: number | null = null;
  const parts: string[] = [];
  for (const sample of samples) {
    const across = x(Date.parse(sample.at)).toFixed(1);
    if (last === null) parts.push(`M${across} ${y(sample.score).toFixed(1)}`);
    else {
      parts.push(`H${across}`);
      if (last !== sample.score) parts.push(`V${y(sample.score).toFixed(1)}`);
    }
    last = sample.score;
  }
  return parts.join('');
}

/** What counted at an instant: the latest sample that is not after it. */
export function sampleAt(samples: readonly Sample[], at: number): Sample | null {
  let found: Sample | null = samples[0] ?? null;
  for (const sample of samples) {
    if (Date.parse(sample.at) > at) break;
    found = sample;
  }
  return found;
}

/** What was changed last at an instant; null: nothing had changed yet. */
export function changeBefore(changes: readonly Change[], at: number): Change | null {
  return changes.findLast((change) => Date.parse(change.at) <= at) ?? null;
}

/** The next instant at which something changed: later, or earlier. Null: there is none. */
export function neighbour(changes: readonly Change[], at: number, isLater: boolean): number | null {
  const instants = changes.map((change) => Date.parse(change.at));
  return (isLater ? instants.find((one) => one > at) : instants.findLast((one) => one < at)) ?? null;
}

/** The instant itself, or that of a change so near that it is what is pointed at. `reach` is in milliseconds. */
export function snapped(changes: readonly Change[], at: number, reach: number): number {
  let best = at;
  for (const change of changes) {
    const away = Math.abs(Date.parse(change.at) - at);
    if (away <= reach && (best === at || away < Math.abs(best - at))) best = Date.parse(change.at);
  }
  return best;
}

/** What moved the score, the bracket or the stage most, the latest first. */
export function turns(changes: readonly Change[], most: number): Change[] {
  const weight = (change: Change) =>
    Math.abs(change.after.score - change.before.score) +
    (change.after.stage !== change.before.stage ? 1_000 : 0) +
    (change.after.disqualified !== change.before.disqualified ? 1_000 : 0) +
    (change.after.bracket !== change.before.bracket ? 10 : 0);
  const heaviest = [...changes].sort((a, b) => weight(b) - weight(a)).slice(0, most);
  return heaviest.sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
}
