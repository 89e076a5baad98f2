// What the API answers about models where its description only says `Object`.
import type { Fault } from '../../api/client.ts';
import type { Standing } from '../../api/types.ts';

export type VersionState = 'draft' | 'shadow' | 'active' | 'retired';

export interface VersionView {
  model: string;
  version: number;
  state: VersionState;
  note: string;
  created_at: string;
  created_by: string;
  activated_at: string | null;
  retired_at: string | null;
  document?: string;
}

export interface Activation {
  version: number;
  from: string;
  to: string | null;
  by: string;
}

export interface Checked {
  is_valid: boolean;
  model: string | null;
  errors: Fault[];
  warnings: Fault[];
}

export interface Matrix {
  before: (string | null)[];
  after: (string | null)[];
  /** Leads by place before, then by place after. */
  leads: number[][];
}

export type Numbers = Pick<Standing, 'score' | 'bracket' | 'stage' | 'disqualified'>;

/** Amounts are decimal texts, so that no digit is lost. */
export interface Part {
  criterion: string | null;
  change: string;
}

export interface Mover {
  lead: string;
  /** Missing where leads may not be read. */
  name?: string | null;
  email?: string | null;
  company?: string | null;
  company_name?: string | null;
  before: Numbers;
  after: Numbers;
  change: number;
  parts: Part[];
}

export interface Cause {
  criterion: string | null;
  moved: string;
  net: string;
  leads: number;
  main_cause_of: number;
}

export interface Comparison {
  models: [string, string];
  at: string;
  leads: number;
  up: number;
  down: number;
  unchanged: number;
  sums: [number, number];
  brackets: Matrix;
  stages: Matrix;
  causes: Cause[];
  movers: Mover[];
  /** What is suspicious about the document, and what it looks at although nobody has it. */
  warnings?: Fault[];
}

export interface DiffLine {
  change: 'same' | 'removed' | 'added';
  text: string;
}

export interface VersionDiff {
  model: string;
  from: number | null;
  to: number;
  lines: DiffLine[];
  comparison: Comparison | null;
  confirm: string;
}

export interface Count {
  leads: number;
  conversions: number;
}

export interface BracketRow extends Count {
  bracket: string | null;
  from: string | null;
  share: number;
  captured: number;
  rate: number | null;
  interval: [number, number] | null;
  lift: number | null;
}

export interface Measures extends Count {
  base_rate: number | null;
  auc: number | null;
  average_precision: number | null;
  top_decile_lift: number | null;
}

export interface Power {
  name: string;
  gate: boolean;
  behavioural: boolean;
  auc: number | null;
  suspicion: unknown;
}

export interface Backtest {
  model: string;
  outcome: string;
  horizon: string;
  every: string;
  data: [string, string];
  overlap: number;
  different: Count;
  pooled: Measures;
  brackets: BracketRow[];
  gain: { x: number; y: number }[];
  cut_offs: (Measures & { at: string })[];
  criteria: Power[];
  warnings: { code: string; sentence: string }[];
}
