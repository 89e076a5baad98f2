import type { Instant, LeadItem } from '../../api/types.ts';

export type Order = 'top' | 'best' | 'sum' | 'breadth';

/** A company, summed up over its leads that are not disqualified. */
export interface Company extends Record<Order, number> {
  id: string;
  name: string | null;
  domain: string | null;
  leads: number;
  last_seen_at: Instant | null;
}

export interface CompanyPage {
  model: string | null;
  /** From which score on a lead adds to the breadth. */
  threshold: number | null;
  companies: Company[];
  next: string | null;
}

export interface CompanyDetail {
  summary: Company | null;
  id: string;
  name: string | null;
  domain: string | null;
  leads: LeadItem[];
}
