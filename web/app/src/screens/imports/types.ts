// What the API answers about imports.
import type { Instant } from '../../api/types.ts';

export type DealField = 'id' | 'stage' | 'name' | 'amount' | 'currency' | 'owner';

export type Usage =
  | { as: 'lead' | 'email' | 'user' | 'anonymous' | 'created_at' | 'at' | 'event' | 'id' | 'ignore' }
  | { as: 'trait' | 'property'; path: string }
  | { as: 'deal'; field: DealField };

export interface Mapping {
  columns: Record<string, Usage>;
  others?: 'ignore' | 'keep';
  event?: string;
  traits?: Record<string, unknown>;
  zone?: string;
  date_order?: 'day_first' | 'month_first';
  decimal_comma?: boolean;
  delimiter?: string;
  sheet?: string;
}

export type ImportState = 'previewed' | 'running' | 'paused' | 'done' | 'failed' | 'undone';

export interface ImportView {
  id: string;
  name: string;
  format: string;
  state: ImportState;
  mapping: Mapping;
  total: number | null;
  settled: number;
  taken: number;
  rejected: number;
  repeated: number;
  failure: string | null;
  created_by: string;
  created_at: Instant;
  started_at: Instant | null;
  finished_at: Instant | null;
  undone_at: Instant | null;
}

export interface Preview {
  format: string;
  sheets: string[];
  columns: { name: string; usage: Usage; reason: string; confidence: number }[];
  rows: (string | null)[][];
  rejects: { place: number; column: string | null; reason: string }[];
  mapping: Mapping;
  needs_zone: boolean;
  needs_date_order: boolean;
}

export interface Reject {
  row: number;
  code: string;
  message: string;
}
