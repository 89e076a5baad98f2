// What the API answers about everything that is set up.
import type { Instant, Role, Scope } from '../../api/types.ts';

export interface WriteKey {
  id: string;
  key: string;
  previous_until: Instant | null;
  name: string;
  origins: string[];
  daily_quota: number | null;
  is_enabled: boolean;
  created_by: string;
  created_at: Instant;
  last_used_at: Instant | null;
  snippet: string;
}

export interface UsageDay {
  day: Instant;
  taken: number;
  refused: number;
}

export interface ApiKey {
  id: string;
  prefix: string;
  name: string;
  scopes: Scope[];
  created_by: string;
  created_at: Instant;
  expires_at: Instant | null;
  last_used_at: Instant | null;
  revoked_at: Instant | null;
  /** Only in the answer that makes it. */
  key?: string;
}

export interface Invitation {
  id: string;
  email: string;
  role: Role;
  language: string;
  invited_by: string;
  created_at: Instant;
  expires_at: Instant;
  link?: string;
}

export interface Session {
  id: string;
  is_this: boolean;
  created_at: Instant;
  last_seen_at: Instant;
  expires_at: Instant;
  user_agent: string;
}

export interface Webhook {
  id: string;
  url: string;
  description: string;
  event_types: HookEvent[];
  is_enabled: boolean;
  disabled_reason: string | null;
  failing_since: Instant | null;
  waiting: number;
  delivered: number;
  given_up: number;
  oldest_due: Instant | null;
  created_by: string;
  created_at: Instant;
  secret?: string;
}

export interface Delivery {
  message: string;
  event_type: string;
  created_at: Instant;
  state: 'waiting' | 'delivered' | 'given_up';
  is_under_way: boolean;
  attempts: number;
  next_at: Instant | null;
  finished_at: Instant | null;
  last_status: number | null;
  last_failure: string | null;
}

export interface Attempt {
  at: Instant;
  status: number | null;
  failure: string | null;
  took_ms: number;
  excerpt: string;
}

export interface TestResult {
  is_delivered: boolean;
  status: number | null;
  took_ms: number;
  failure: string | null;
  excerpt: string;
}

export interface Segment {
  id: string;
  name: string;
  condition: unknown;
  created_at: Instant;
  created_by: string;
  updated_at: Instant;
}

export interface Entry {
  seq: number;
  at: Instant;
  actor: string;
  /** What it is called today; null where it is no more, or has no name. */
  actor_name?: string | null;
  action: string;
  object: string;
  object_name?: string | null;
  before: unknown;
  after: unknown;
  hash: string;
}

export const EVENTS = ['lead.stage_entered', 'lead.stage_left', 'lead.bracket_changed', 'lead.disqualified', 'lead.requalified', 'lead.merged', 'import.finished'] as const;
export type HookEvent = (typeof EVENTS)[number];
