/** What is set for the whole organisation; known to those who may read its settings. */
import { get } from './api/client.ts';
import { session } from './session.svelte.ts';

export interface General {
  organisation?: unknown;
  time_zone?: unknown;
  [other: string]: unknown;
}

const state = $state<{ general: General }>({ general: {} });

export const organisation = {
  /** Empty: it has no name, or it is not told. */
  get name(): string {
    return typeof state.general.organisation === 'string' ? state.general.organisation : '';
  },
  /** The time zone of times without one; empty: none is set. */
  get zone(): string {
    return typeof state.general.time_zone === 'string' ? state.general.time_zone : '';
  },
  set general(next: General) {
    state.general = next;
  },
};

export async function readOrganisation(): Promise<void> {
  if (!session.may('settings:write')) return;
  try {
    state.general = (await get<{ value: General }>('/settings/general')).value;
  } catch {
    // The page does without.
  }
}
