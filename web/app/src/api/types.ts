/** What the server answers on the routes that several screens use. Each screen keeps its own beside itself. */

/** An instant in ISO 8601. */
export type Instant = string;

export type Role = 'owner' | 'marketer' | 'sales' | 'analyst' | 'read_only';

export type Scope =
  | 'facts:write'
  | 'leads:read'
  | 'leads:write'
  | 'leads:erase'
  | 'models:read'
  | 'models:write'
  | 'imports:write'
  | 'exports:read'
  | 'webhooks:write'
  | 'keys:write'
  | 'accounts:write'
  | 'settings:write'
  | 'audit:read'
  | 'status:read';

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
  kind: string;
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

/** A lead with its score under one model. */
export interface LeadItem {
  id: string;
  email: string | null;
  name: string | null;
  company: string | null;
  country: string | null;
  owner: string | null;
  created_at: Instant | null;
  last_seen_at: Instant | null;
  score: number;
  fit: number;
  engagement: number;
  grade: string | null;
  bracket: string | null;
  stage: string | null;
  disqualified: string | null;
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
