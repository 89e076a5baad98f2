// The text that is being written, what stands where in it, and the way back through what was done to it.
import { moved, outlineOf, withNumber, type Outline, type Spot } from './outline.ts';
import type { Trial } from './trial.svelte.ts';

const NOTHING: Outline = { model: null, scale: [0, 100], groups: [], thresholds: [] };

/** How long nobody types before a text is read and tried out, in milliseconds: the pause between two words. */
export const PAUSE = 400;
/** Steps that can be undone. A text has some 20 kB, so that they take 4 MB at most. */
const STEPS_MAX = 200;
/** Changes of one kind within this time are one step, in milliseconds. */
const ONE_STEP = 800;

interface Step {
  text: string;
  /** Where the cursor was. */
  at: number;
}

export class Workbench {
  text = $state('');
  outline = $state.raw<Outline>(NOTHING);
  /** The outline of the version that counts, or of what was opened: where sliders began. */
  before = $state.raw<Outline>(NOTHING);
  /** The text as it was saved or opened; null: it never was. */
  saved = $state<string | null>(null);
  /** Lines that somebody points at in the list of weights. */
  marked = $state.raw<{ from: number; to: number } | null>(null);
  canUndo = $state(false);
  canRedo = $state(false);

  readonly trial: Trial;
  #undone: Step[] = [];
  #done: Step[] = [];
  #kind = '';
  #when = 0;
  #reading: ReturnType<typeof setTimeout> | undefined;

  constructor(trial: Trial) {
    this.trial = trial;
  }

  /** The text that counts today; null: none does. */
  counting = $state<string | null>(null);

  get isDirty(): boolean {
    return this.text !== this.saved;
  }

  /** Whether activating the text would change anything. */
  get differs(): boolean {
    return this.text !== this.counting;
  }

  /** Begins with a text. `counting` is the text that counts today, where there is one. */
  open(text: string, saved: string | null, counting: string | null): void {
    this.text = text;
    this.saved = saved;
    this.counting = counting;
    this.outline = outlineOf(text);
    this.before = counting === null || counting === text ? this.outline : outlineOf(counting);
    this.#done = [];
    this.#undone = [];
    this.#noteSteps();
    this.trial.want(text, 0);
  }

  /** Another text counts from now on. */
  count(counting: string | null): void {
    this.counting = counting;
    if (counting !== null) this.before = outlineOf(counting);
  }

  /** Takes what was typed. */
  type(text: string, at: number): void {
    this.#remember('typed', at);
    this.#put(text);
  }

  /** Writes another number into the text, and tries it at once. */
  setNumber(spot: Spot, value: number): void {
    if (value === spot.value || !Number.isFinite(value)) return;
    // Typed text may still wait to be read: then the spots are those of the text before.
    if (this.#reading !== undefined) this.#read();
    const current = this.#spot(spot.key);
    if (!current) return;
    this.#remember(spot.key, current.from);
    this.text = withNumber(this.text, current, value);
    this.outline = moved(this.outline, current, value);
    this.trial.want(this.text, 0);
  }

  /** The number that a spot had in the version that counts. */
  first(key: string): Spot | undefined {
    return spotsOf(this.before).find((spot) => spot.key === key);
  }

  /** The cursor after the step; null: there was none. */
  undo(): number | null {
    return this.#step(this.#done, this.#undone);
  }

  redo(): number | null {
    return this.#step(this.#undone, this.#done);
  }

  close(): void {
    clearTimeout(this.#reading);
    this.trial.stop();
  }

  #spot(key: string): Spot | undefined {
    return spotsOf(this.outline).find((spot) => spot.key === key);
  }

  #put(text: string): void {
    this.text = text;
    clearTimeout(this.#reading);
    this.#reading = setTimeout(() => this.#read(), PAUSE);
    this.trial.want(text, PAUSE);
  }

  #read(): void {
    clearTimeout(this.#reading);
    this.#reading = undefined;
    this.outline = outlineOf(this.text);
  }

  #remember(kind: string, at: number): void {
    const now = performance.now();
    const goesOn = kind === this.#kind && now - this.#when < ONE_STEP && this.#done.length > 0;
    this.#kind = kind;
    this.#when = now;
    this.#undone = [];
    if (!goesOn) {
      this.#done.push({ text: this.text, at });
      if (this.#done.length > STEPS_MAX) this.#done.shift();
    }
    this.#noteSteps();
  }

  #step(from: Step[], to: Step[]): number | null {
    const step = from.pop();
    if (!step) return null;
    to.push({ text: this.text, at: step.at });
    this.#kind = '';
    this.#put(step.text);
    this.#read();
    this.#noteSteps();
    return Math.min(step.at, step.text.length);
  }

  #noteSteps(): void {
    this.canUndo = this.#done.length > 0;
    this.canRedo = this.#undone.length > 0;
  }
}

export function spotsOf(outline: Outline): Spot[] {
  return [...outline.groups.flatMap((group) => group.criteria.flatMap((one) => one.weights)), ...outline.thresholds];
}

/** From where to where a slider goes: twice what the number was, and never less than ten points. It stays
 * while the slider is dragged, and grows where a larger number was typed. */
export function reach(first: number, value: number): { min: number; max: number; step: number } {
  const nice = (size: number) => {
    const unit = 10 ** Math.floor(Math.log10(Math.max(1, size)));
    return Math.ceil(size / (unit / 2)) * (unit / 2);
  };
  const far = nice(Math.max(10, 2 * Math.abs(first)));
  const low = first < 0 ? -far : 0;
  const high = first < 0 ? 0 : far;
  const min = value < low ? -nice(-value) : low;
  const max = value > high ? nice(value) : high;
  const isWhole = Number.isInteger(first) && Math.abs(first) >= 4;
  const step = far >= 1_000 ? far / 100 : isWhole ? 1 : 0.5;
  return { min, max, step };
}
