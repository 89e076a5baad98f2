// One setting of the server: read, changed by whoever has it before their eyes, saved unless somebody else was faster.
import { ask, type Answer } from '../../api/client.ts';
import { say } from '../../texts/settings.ts';
import { toast } from '../../ui/toasts.svelte.ts';

export class Setting<T extends object> {
  /** What the server keeps; nothing yet until it is read. */
  kept = $state.raw<T | null>(null);
  failed = $state<unknown>(null);
  busy = $state(false);
  #path: string;
  #tag: string | null = null;
  #show: (kept: T) => void;

  /** `show` is handed what is kept, whenever that is known anew. */
  constructor(name: string, show: (kept: T) => void) {
    this.#path = `/settings/${name}`;
    this.#show = show;
  }

  read = async (): Promise<void> => {
    this.failed = null;
    try {
      this.#take(await ask<{ value: T }>('GET', this.#path));
    } catch (error) {
      this.failed = error;
    }
  };

  save = async (value: T): Promise<void> => {
    this.busy = true;
    this.failed = null;
    try {
      this.#take(await ask<{ value: T }>('PUT', this.#path, value, { ifMatch: this.#tag }));
      toast(say('saved'));
    } catch (error) {
      this.failed = error;
    } finally {
      this.busy = false;
    }
  };

  #take({ body, tag }: Answer<{ value: T }>): void {
    this.#tag = tag;
    this.kept = body.value;
    this.#show(body.value);
  }
}
