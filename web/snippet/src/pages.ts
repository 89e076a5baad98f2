// Page views, also those of applications that never load a second page, and how long each is read.
import { listen, safe } from './browser';
import { type Page, type Properties, pageNow } from './messages';
import { beacon, flush, schedule } from './transport';
import { VISIT, track } from './visitor';

/** Frameworks set the title and often redirect right after a change of address, within milliseconds. */
const SETTLE_MS = 150;
/** Whoever does nothing for half an hour has left the screen on. */
const READING_SECONDS_MAX = 1800;

let page: Page | undefined;
let settling: ReturnType<typeof setTimeout> | undefined;
/** When the page last came to the front, by the page's clock; 0 while it is hidden. */
let shownAt = 0;
let readMs = 0;
let reported: boolean;
/** How far down the page has been seen, in percent. */
let depth = 0;

/** Follows the pages, and reports the first. */
export function followPages(): void {
  for (const name of ['pushState', 'replaceState'] as const) {
    const change = history[name];
    history[name] = (...parameters: Parameters<typeof change>) => {
      change.apply(history, parameters);
      addressChanged();
    };
  }
  listen('popstate', addressChanged);
  listen('hashchange', addressChanged);
  // Back by the browser's button, from its cache of whole pages.
  listen<PageTransitionEvent>('pageshow', event => event.persisted && view());
  listen('scroll', measureDepth);
  listen('visibilitychange', () => {
    if (document.hidden) return hide();
    startClock();
    schedule();
  });
  listen('pagehide', () => {
    hide();
    leave();
    beacon();
  });
  listen('online', flush);
  view();
}

/** Reports the page that is shown now. */
export function view(properties?: Properties): void {
  const before = page;
  leave();
  page = pageNow(before?.url);
  reported = false;
  readMs = depth = 0;
  startClock();
  track('page_viewed', properties, VISIT, page);
}

function addressChanged(): void {
  clearTimeout(settling);
  settling = setTimeout(settle, SETTLE_MS);
}

const settle = safe(() => {
  if (page && page.path !== pageNow().path) view();
});

function hide(): void {
  settle();
  reportReading(0);
  beacon();
}

function leave(): void {
  reportReading(1);
  page = undefined;
}

/** Stops the clock and reports the seconds since the last report, so that they can be added up. */
function reportReading(isEnd: number): void {
  if (shownAt) readMs += performance.now() - shownAt;
  shownAt = 0;
  const seconds = Math.min(READING_SECONDS_MAX, (readMs / 1e3) | 0);
  // A glance away before the first second tells nothing; a page that was left at once does.
  if (!page || (!seconds && (reported || !isEnd))) return;
  readMs = 0;
  reported = true;
  measureDepth();
  track('page_read', { seconds, scroll: depth }, 0, page);
}

function startClock(): void {
  if (!shownAt && !document.hidden) shownAt = performance.now();
}

function measureDepth(): void {
  const seen = ((scrollY + innerHeight) / document.documentElement.scrollHeight) * 100;
  depth = Math.max(depth, Math.min(100, Math.round(seen)));
}
