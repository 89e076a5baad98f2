// Trying a text out while it is being written: what is wrong with it at once, and who would move as soon as
// the server has looked at everybody. One question is under way at a time; the latest text is asked next.
import type { Fault } from '../../api/client.ts';
import type { Checked, Comparison } from './types.ts';

export interface Asking {
  check: (document: string) => Promise<Checked>;
  /** Null: there is nothing in force to compare with. */
  compare: (document: string) => Promise<Comparison | null>;
}

export type TrialState = 'new' | 'waiting' | 'checking' | 'comparing' | 'done' | 'wrong' | 'failed';

export class Trial {
  state = $state<TrialState>('new');
  errors = $state.raw<Fault[]>([]);
  warnings = $state.raw<Fault[]>([]);
  /** The last comparison; while a newer one is under way, of an earlier text. */
  comparison = $state.raw<Comparison | null>(null);
  /** How long the last comparison took, in milliseconds. */
  took = $state(0);
  failure = $state('');
  /** The name that the document gives its model. */
  model = $state<string | null>(null);

  #ask: Asking;
  #wanted: string | null = null;
  #tried: string | null = null;
  #running = false;
  #settled: TrialState = 'new';
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ask: Asking) {
    this.#ask = ask;
  }

  get isBusy(): boolean {
    return this.state === 'waiting' || this.state === 'checking' || this.state === 'comparing';
  }

  /** Tries a text out after a pause, in milliseconds, during which no other is wanted. */
  want(text: string, pause: number): void {
    clearTimeout(this.#timer);
    this.#wanted = text;
    if (text === this.#tried && !this.#running) {
      this.#wanted = null;
      this.state = this.#settled;
      return;
    }
    if (!this.#running) this.state = 'waiting';
    this.#timer = setTimeout(() => void this.#run(), pause);
  }

  /** Tries the same text again, because the world has changed. */
  again(): void {
    const text = this.#wanted ?? this.#tried;
    this.#tried = null;
    if (text !== null) this.want(text, 0);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#wanted = null;
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    while (this.#wanted !== null) {
      const text = this.#wanted;
      this.#wanted = null;
      await this.#try(text);
      this.#tried = text;
      this.#settled = this.state;
    }
    this.#running = false;
  }

  async #try(text: string): Promise<void> {
    this.state = 'checking';
    try {
      const checked = await this.#ask.check(text);
      this.errors = checked.errors;
      this.warnings = checked.warnings;
      this.model = checked.model;
      if (!checked.is_valid) {
        this.state = 'wrong';
        return;
      }
      this.state = 'comparing';
      const began = performance.now();
      this.comparison = await this.#ask.compare(text);
      // Looking at everybody finds more than looking at the text alone.
      this.warnings = this.comparison?.warnings ?? checked.warnings;
      this.took = performance.now() - began;
      this.failure = '';
      this.state = 'done';
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
      this.state = 'failed';
    }
  }
}
