/** What the server answers about one lead. Amounts are decimal numbers as text. */
import type { Instant, Person, Standing } from '../../api/types.ts';

export type Amount = string;

export interface LeadDetail extends Person {
  /** The id that was asked for, where that lead became part of this one. */
  asked_for?: string;
  traits: Record<string, unknown>;
  identifiers: { kind: 'user' | 'email' | 'lead' | 'anonymous'; value: string; since: Instant | null }[];
  scores: (Standing & { priority: number; model: string; version: number })[];
  consents: { purpose: string | null; channel: string | null; is_given: boolean; at: Instant | null; fact: string | null; proof: Record<string, unknown> }[];
}

export interface EventSeen {
  id: string | null;
  event: string;
  at: Instant;
  /** In millionths. */
  weight: number;
  points: Amount;
  ignored?: 'over_count' | 'too_old';
}

/** `raw + decayed + cut = value`. */
export interface Criterion {
  criterion: string;
  value: Amount;
  raw: Amount;
  decayed: Amount;
  cut: Amount;
  answer?: 'true' | 'false' | 'unknown';
  counted?: number;
  too_young?: boolean;
  traits?: { trait: string; value: unknown }[];
  events?: EventSeen[];
}

/** The sum of its criteria's values, and `cut`, is `value`. */
export interface Group {
  group: string;
  dimension: 'fit' | 'engagement';
  value: Amount;
  cut: Amount;
  criteria: Criterion[];
}

/** The groups' values, `held`, `rounding` and `disqualification` add up to `score`. */
export interface Card extends Standing {
  model: string;
  lead: string;
  at: Instant;
  groups: Group[];
  held: Amount;
  rounding: Amount;
  disqualification: Amount;
  gates: { gate: string; effect: string; answer: 'true' | 'false' | 'unknown' }[];
  version: number;
  worth_asking: string[];
}

export interface Sample extends Standing {
  at: Instant;
}

export interface Change {
  at: Instant;
  before: Sample;
  after: Sample;
  facts: ({ fact: 'created' } | { fact: 'event'; event: string; id?: string } | { fact: 'trait'; trait: string; value: unknown })[];
  parts: { criterion: string | null; change: Amount }[];
}

export interface Step {
  at: Instant;
  stage: string;
  entered: boolean;
  reason: string;
  gate?: string;
  score: number;
}

export interface Course {
  model: string;
  lead: string;
  from: Instant;
  to: Instant;
  samples: Sample[];
  changes: Change[];
  steps: Step[];
}

export interface Fact {
  id: string;
  kind: 'event' | 'traits' | 'group' | 'deal' | 'alias';
  name: string;
  at: Instant;
  received_at: Instant;
  source: string;
  body: unknown;
  machine: { reason: string; confidence: number } | null;
  retracted_at: Instant | null;
}

export interface FactPage {
  events: Fact[];
  next: string | null;
}
