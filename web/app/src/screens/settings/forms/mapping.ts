// What the fields of a form mean, as people choose it, and how fields are found in what somebody pastes.
import type { Instant } from '../../../api/types.ts';

export type FieldUse =
  | { as: 'email' | 'user' | 'anonymous' | 'at' | 'id' | 'page' | 'honeypot' | 'seconds' | 'never' }
  | { as: 'trait'; path: string }
  | { as: 'answer'; question: string }
  | { as: 'property'; path: string }
  | { as: 'consent'; purpose: string; channel?: string; text: string; empty_withdraws?: boolean };

export interface FormMapping {
  form: string;
  event: string;
  fields: Record<string, FieldUse>;
  traits?: Record<string, unknown>;
  properties?: Record<string, unknown>;
  others: 'keep' | 'drop';
  seconds_min?: number;
}

export interface Form {
  name: string;
  mapping: FormMapping;
  version: number;
  updated_at: Instant;
  updated_by: string;
}

/** In the order in which people look for them. */
export const USES = ['email', 'trait', 'answer', 'property', 'consent', 'user', 'anonymous', 'page', 'at', 'id', 'honeypot', 'seconds', 'never'] as const satisfies readonly FieldUse['as'][];
export type Use = (typeof USES)[number];

/** The use that a choice stands for; a field gives its own name to what must have one. */
export function useOf(choice: Use, field: string, before: FieldUse | undefined): FieldUse {
  const name = before && 'path' in before ? before.path : before && 'question' in before ? before.question : plain(field);
  switch (choice) {
    case 'trait':
    case 'property':
      return { as: choice, path: name };
    case 'answer':
      return { as: choice, question: name };
    case 'consent':
      return { as: choice, purpose: 'marketing', channel: 'email', text: '' };
    default:
      return { as: choice };
  }
}

/** What a mapping lacks before it can be kept; null: it is whole. */
export function lacks(mapping: FormMapping): 'name' | 'fields' | 'who' | 'path' | 'consent' | null {
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(mapping.form)) return 'name';
  const uses = Object.values(mapping.fields);
  if (!uses.length) return 'fields';
  if (uses.some((use) => ('path' in use && !use.path) || ('question' in use && !use.question))) return 'path';
  if (uses.some((use) => use.as === 'consent' && (!use.purpose || !use.text))) return 'consent';
  return uses.some(({ as }) => as === 'email' || as === 'user' || as === 'anonymous') ? null : 'who';
}

/** A name as the end of an address: `Presupuesto web` becomes `presupuesto-web`. */
export function slug(name: string): string {
  return plain(name).replaceAll('_', '-').slice(0, 64);
}

function plain(text: string): string {
  const letters = text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  return letters.replace(/[^a-z0-9.]+/g, '_').replace(/^[_.]+|[_.]+$/g, '');
}

/**
 * What somebody pasted, as a body that a form sends: of the source of a page the names of its fields, without values.
 * The source is searched and never parsed, so nothing in it can do anything.
 */
export function sampleOf(pasted: string): string {
  const text = pasted.trim();
  if (!text.startsWith('<') && !/<(input|select|textarea)\b/i.test(text)) return text;
  const names = new Set<string>();
  for (const [tag, kind] of text.matchAll(/<(input|select|textarea)\b[^>]*>/gi)) {
    if (kind?.toLowerCase() === 'input' && /\btype\s*=\s*["']?(submit|button|reset|image)\b/i.test(tag)) continue;
    const name = /\sname\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))/i.exec(tag);
    const found = name?.[1] ?? name?.[2] ?? name?.[3];
    if (found) names.add(found);
  }
  return JSON.stringify(Object.fromEntries([...names].map((name) => [name, ''])));
}

/** The names of the fields in a body; none: it is nothing that a form sends. */
export function fieldsOf(sample: string): string[] {
  try {
    const told: unknown = JSON.parse(sample);
    if (told && typeof told === 'object' && !Array.isArray(told)) return Object.keys(told);
  } catch {
    // Then it is as browsers send it.
  }
  if (!sample.includes('=')) return [];
  return [...new Set(new URLSearchParams(sample.replace(/^\?/, '')).keys())].filter(Boolean);
}
