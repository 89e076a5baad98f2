/**
 * The ranked list as it stands, and what has happened since. News only say that something changed and by how much:
 * the list itself is read from the server again, so that order, filters and every number are the server's own.
 */
import { address, get } from '../../api/client.ts';
import type { LeadItem, LeadPage, News } from '../../api/types.ts';

export interface Filters {
  model: string | null;
  order: 'score' | 'priority';
  /** Whether the smallest comes first. */
  direction: 'ascending' | null;
  bracket: string | null;
  stage: string | null;
  /** The id of a saved segment. */
  segment: string | null;
  q: string;
}

type LeadNews = Extract<News, { kind: 'lead' }>;

/** As many as a page of the server has at most. */
const PAGE_MAX = 200;
const PAGE = 50;
/** The shortest time between two readings, in milliseconds: a glide of the rows fits into it. */
const BETWEEN = 1_000;
/** How long a difference stays beside a score, in milliseconds. */
const FLASH = 4_000;

/** Whether news about a lead can change what the list shows. */
export function concerns(news: LeadNews, leads: readonly LeadItem[], isWhole: boolean, filters: Filters): boolean {
  if (leads.some((lead) => lead.id === news.lead)) return true;
  if (filters.bracket && filters.bracket !== news.bracket) return false;
  if (filters.stage && filters.stage !== (news.stage ?? 'none')) return false;
  const last = leads.at(-1);
  if (isWhole || !last) return true;
  const [mine, lasts] = [news[filters.order], last[filters.order]];
  return filters.direction ? mine <= lasts : mine >= lasts;
}

/** The first page read anew, and behind it what had been read further down. */
export function joined(first: readonly LeadItem[], rest: readonly LeadItem[]): LeadItem[] {
  const known = new Set(first.map((lead) => lead.id));
  return [...first, ...rest.filter((lead) => !known.has(lead.id))];
}

export class Ranking {
  leads = $state.raw<LeadItem[]>([]);
  model = $state<string | null>(null);
  next = $state<string | null>(null);
  error = $state.raw<unknown>(null);
  /** Whether there is an answer to the present filters. */
  isRead = $state(false);
  isReadingMore = $state(false);
  /** Whether rows that change their place are to glide there: not after another filter was chosen. */
  isGliding = $state(false);
  /** By how much scores have just changed, by lead. */
  changes = $state.raw<ReadonlyMap<string, number>>(new Map());
  /** Leads with news that are not shown yet. */
  waiting = $state.raw<ReadonlySet<string>>(new Set());
  isHeld = $state(false);

  private filters: Filters;
  private deltas = new Map<string, number>();
  /** Whether something happened of which nobody knows what. */
  private isStale = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private lastRead = 0;
  private calls = new AbortController();
  private timers = new Set<ReturnType<typeof setTimeout>>();
  private readonly changed: () => void;

  /** `changed` is called after news have been shown. */
  constructor(filters: Filters, changed: () => void) {
    this.filters = filters;
    this.changed = changed;
  }

  /** Other filters: everything is read from the beginning. */
  async choose(filters: Filters): Promise<void> {
    this.filters = filters;
    this.calls.abort();
    this.calls = new AbortController();
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting = new Set();
    this.deltas.clear();
    this.isGliding = false;
    await this.read(PAGE);
  }

  /** Reads on where the list ends. */
  async more(): Promise<void> {
    if (!this.next || this.isReadingMore) return;
    this.isReadingMore = true;
    this.isGliding = false;
    const { signal } = this.calls;
    try {
      const page = await this.page(PAGE, this.next, signal);
      this.leads = joined(this.leads, page.leads);
      this.next = page.next;
    } catch (error) {
      if (!signal.aborted) this.error = error;
    } finally {
      this.isReadingMore = false;
    }
  }

  /** Something happened. */
  hear(news: News): void {
    if (news.kind === 'lead') {
      if (this.model && news.model !== this.model) return;
      if (!concerns(news, this.leads, !this.next, this.filters)) return;
      const change = news.score - (news.before ?? news.score);
      this.deltas.set(news.lead, (this.deltas.get(news.lead) ?? 0) + change);
      this.wait(news.lead);
    } else if (news.kind === 'gone') {
      if (this.leads.some((lead) => lead.id === news.lead)) this.wait(news.lead);
    } else if (news.kind !== 'import') this.missed();
  }

  /** Something happened, and nobody knows what. */
  missed(): void {
    this.isStale = true;
    this.plan();
  }

  /** Rows do not run away from under a pointer: while the list is held, changes wait. */
  hold(held: boolean): void {
    if (this.isHeld === held) return;
    this.isHeld = held;
    if (!held && (this.waiting.size || this.isStale)) this.plan();
  }

  /** Shows what waits, held or not. */
  async refresh(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.isGliding = true;
    await this.read(Math.max(PAGE, Math.min(PAGE_MAX, this.leads.length)));
  }

  close(): void {
    this.calls.abort();
    clearTimeout(this.timer);
    for (const timer of this.timers) clearTimeout(timer);
  }

  private wait(lead: string): void {
    this.waiting = new Set([...this.waiting, lead]);
    this.plan();
  }

  private plan(): void {
    if (this.isHeld || this.timer !== undefined) return;
    const pause = Math.max(0, this.lastRead + BETWEEN - Date.now());
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (!this.isHeld) void this.refresh();
    }, pause);
  }

  private page(limit: number, cursor: string | null, signal: AbortSignal): Promise<LeadPage> {
    const { model, order, direction, bracket, stage, segment, q } = this.filters;
    return get<LeadPage>(address('/leads', { model, order, direction, bracket, stage, segment, q, limit, cursor }), { signal });
  }

  private async read(limit: number): Promise<void> {
    const { signal } = this.calls;
    this.lastRead = Date.now();
    const heard = this.deltas;
    this.isStale = false;
    this.deltas = new Map();
    this.waiting = new Set();
    try {
      const page = await this.page(limit, null, signal);
      if (signal.aborted) return;
      const isLong = this.isRead && this.isGliding && this.leads.length > PAGE_MAX;
      this.model = page.model;
      this.leads = isLong ? joined(page.leads, this.leads.slice(PAGE_MAX)) : page.leads;
      if (!isLong) this.next = page.next;
      this.error = null;
      this.isRead = true;
      this.flash(heard);
      if (this.isGliding) this.changed();
    } catch (error) {
      if (signal.aborted) return;
      this.error = error;
      this.isRead = true;
    }
    // What was heard meanwhile is not in the answer yet.
    if (this.waiting.size) this.plan();
  }

  private flash(heard: ReadonlyMap<string, number>): void {
    const shown = new Set(this.leads.map((lead) => lead.id));
    const fresh = [...heard].filter(([lead, change]) => change && shown.has(lead));
    if (!fresh.length) return;
    this.changes = new Map([...this.changes, ...fresh]);
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      const left = new Map(this.changes);
      for (const [lead, change] of fresh) if (left.get(lead) === change) left.delete(lead);
      this.changes = left;
    }, FLASH);
    this.timers.add(timer);
  }
}
