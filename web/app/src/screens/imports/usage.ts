// What a column is for, as the choice of a list.
import type { DealField, Usage } from './types.ts';

const PLAIN = ['email', 'user', 'lead', 'anonymous', 'created_at', 'at', 'event', 'id', 'ignore'] as const;
const FIELDS: DealField[] = ['id', 'stage', 'name', 'amount', 'currency', 'owner'];

export type Choice = (typeof PLAIN)[number] | 'trait' | 'property' | `deal_${DealField}`;

/** The choices in the order in which people look for them. */
export const CHOICES: Choice[] = ['email', 'trait', 'user', 'created_at', 'at', 'event', 'property', 'id', 'lead', 'anonymous', ...FIELDS.map((field) => `deal_${field}` as const), 'ignore'];

export function choiceOf(usage: Usage | undefined): Choice {
  if (!usage) return 'ignore';
  return usage.as === 'deal' ? `deal_${usage.field}` : usage.as;
}

/** The use that a choice stands for; traits and properties are called like their column unless told. */
export function usageOf(choice: Choice, column: string, before: Usage | undefined): Usage {
  if (choice === 'trait' || choice === 'property') {
    const path = before && 'path' in before ? before.path : pathOf(column);
    return { as: choice, path };
  }
  if (choice.startsWith('deal_')) return { as: 'deal', field: choice.slice('deal_'.length) as DealField };
  return { as: choice as (typeof PLAIN)[number] };
}

/** A column's name as the path of a trait: `Annual revenue (€)` becomes `annual_revenue`. */
export function pathOf(column: string): string {
  const plain = column.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  return plain.replace(/[^a-z0-9.]+/g, '_').replace(/^[_.]+|[_.]+$/g, '') || 'trait';
}

/** Traits that models often look at. */
export const TRAITS = [
  'first_name',
  'last_name',
  'name',
  'phone',
  'title',
  'title.seniority',
  'country',
  'city',
  'region',
  'postcode',
  'language',
  'company.name',
  'company.domain',
  'company.employees',
  'company.industry',
  'owner',
];

/** What is missing before the rows can be read; nothing: they can. */
export function missing(columns: Record<string, Usage>, event: string | undefined): 'who' | 'at' | 'deal' | null {
  const uses = Object.values(columns);
  const has = (as: Usage['as']) => uses.some((usage) => usage.as === as);
  if (!(['lead', 'email', 'user', 'anonymous'] as const).some(has)) return 'who';
  if ((event || has('event')) && !has('at')) return 'at';
  const deal = (field: DealField) => uses.some((usage) => usage.as === 'deal' && usage.field === field);
  if (has('deal') && !(deal('id') && deal('stage'))) return 'deal';
  return null;
}
