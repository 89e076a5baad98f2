// Who the leads of a comparison are, which knows their ids only.
import { SvelteMap } from 'svelte/reactivity';
import { get, part } from '../../api/client.ts';

export interface Who {
  name: string | null;
  email: string | null;
  company: string | null;
}

/** Calls at a time. */
const AT_A_TIME = 4;

const known = new SvelteMap<string, Who>();
const waiting: string[] = [];
const asked = new Set<string>();
let running = 0;

/** Who it is; undefined: not known yet. */
export function who(lead: string): Who | undefined {
  return known.get(lead);
}

/** Asks for whoever is not known yet. */
export function wantNames(leads: string[]): void {
  for (const lead of leads) {
    if (asked.has(lead)) continue;
    asked.add(lead);
    waiting.push(lead);
  }
  while (running < AT_A_TIME && waiting.length) void next();
}

async function next(): Promise<void> {
  running += 1;
  for (let lead = waiting.shift(); lead !== undefined; lead = waiting.shift()) {
    try {
      known.set(lead, await get<Who>(`/leads/${part(lead)}`));
    } catch {
      // Its id stands where the name would.
      asked.delete(lead);
    }
  }
  running -= 1;
}
