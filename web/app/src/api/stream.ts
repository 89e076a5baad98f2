/** Live updates. A stream says what is new and nothing of before: after a gap, lists are read anew. */
import { address } from '../router.svelte.ts';
import type { News } from './types.ts';

export interface Watching {
  news: (news: News) => void;
  /** Some news were missed (a gap in the connection, or too many at once): read anew. */
  missed?: () => void;
  /** Whether news come in at present. */
  connected?: (is: boolean) => void;
}

/** The longest pause before the next attempt to connect, in milliseconds. */
const PAUSE_MAX = 30_000;

/** Watches until the answered function is called. */
export function watch(model: string | null, watching: Watching): () => void {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pause = 1_000;
  let hadGap = false;

  function open() {
    source = new EventSource(address('/api/v1/stream', { model }));
    source.addEventListener('hello', () => {
      pause = 1_000;
      watching.connected?.(true);
      if (hadGap) watching.missed?.();
      hadGap = false;
    });
    source.addEventListener('news', (event) => {
      watching.news(JSON.parse((event as MessageEvent<string>).data) as News);
    });
    source.addEventListener('lagged', () => watching.missed?.());
    source.addEventListener('error', () => {
      hadGap = true;
      watching.connected?.(false);
      // Browsers come back by themselves, unless the server answered with anything but a stream.
      if (source?.readyState !== EventSource.CLOSED) return;
      timer = setTimeout(open, pause);
      pause = Math.min(PAUSE_MAX, pause * 2);
    });
  }

  open();
  return () => {
    clearTimeout(timer);
    source?.close();
  };
}
