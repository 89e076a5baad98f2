/** What the server answers on the routes that several screens use. Each screen keeps its own beside itself. */

/** An instant in ISO 8601. */
export type Instant = string;

export const ROLES = ['owner', 'marketer', 'sales', 'analyst', 'read_only'] as const;
export type Role = (typeof ROLES)[number];

export const SCOPES = [
  'facts:write',
  'leads:read',
  'leads:write',
  'leads:erase',
  'models:read',
  'models:write',
  'imports:write',
  'exports:read',
  'webhooks:write',
  'keys:write',
  'accounts:write',
  'settings:write',
  'audit:read',
  'status:read',
] as const;
export type Scope = (typeof SCOPES)[number];

export interface User {
  id: string;
  email: string;
  name: string;
  role: Role;
  language: string;
  disabled_at: Instant | null;
  created_at: Instant;
  last_login_at: Instant | null;
}

export interface Me {
  user: User | null;
  key: string | null;
  scopes: Scope[];
}

export interface Model {
  name: string;
  kind: 'acquisition' | 'loyalty';
  is_primary: boolean;
  active: number | null;
  shadows: number[];
  latest: number | null;
  keys: string[];
  /** The lowest first. */
  brackets: string[];
  /** In their order. */
  stages: string[];
  /** The smallest and largest score; 0 to 100 where the server does not say. */
  scale?: { min: number; max: number };
  created_at: Instant;
}

/** Who a lead is. */
export interface Person {
  id: string;
  email: string | null;
  name: string | null;
  company: string | null;
  /** What the company is called; null where nobody has said. */
  company_name?: string | null;
  country: string | null;
  owner: string | null;
  created_at: Instant | null;
  last_seen_at: Instant | null;
}

/** Where a lead stands under a model. */
export interface Standing {
  score: number;
  fit: number;
  engagement: number;
  grade: string | null;
  bracket: string | null;
  stage: string | null;
  /** The reason; null: it is not disqualified. */
  disqualified: string | null;
}

/** A lead with its score under one model. */
export interface LeadItem extends Person, Standing {
  priority: number;
  scored_at: Instant;
}

export interface LeadPage {
  model: string | null;
  leads: LeadItem[];
  next: string | null;
}

export interface Counts {
  model: string | null;
  total: number;
  counts: { value: string | null; leads: number }[];
}

export type News =
  | {
      kind: 'lead';
      lead: string;
      model: string;
      score: number;
      before: number | null;
      bracket: string | null;
      stage: string | null;
      priority: number;
      disqualified: boolean;
    }
  | { kind: 'gone'; lead: string }
  | { kind: 'everyone'; changed: number }
  | { kind: 'models' }
  | { kind: 'import'; import: string; state: string };
