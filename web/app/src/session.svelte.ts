/** Who is logged in, and what they may do. */
import { get, onShutOut, patch, post, Problem } from './api/client.ts';
import type { Me, Scope, User } from './api/types.ts';
import { go, route } from './router.svelte.ts';
import { speak } from './texts/language.svelte.ts';

const state = $state<{ me: Me | null; known: boolean }>({ me: null, known: false });

/** The address to come back to after logging in. */
let wanted: string | null = null;

export const session = {
  get user(): User | null {
    return state.me?.user ?? null;
  },
  /** Whether the server has said who is there, or that nobody is. */
  get known(): boolean {
    return state.known;
  },
  may(scope: Scope): boolean {
    return state.me?.scopes.includes(scope) ?? false;
  },
};

onShutOut(() => {
  state.me = null;
  state.known = true;
  turnAway();
});

/** Sends whoever is not logged in to the login, and remembers where they wanted to go. */
export function turnAway(): void {
  if (isOutside(route.path)) return;
  wanted = location.pathname + location.search;
  go('/login', { replace: true });
}

/** Addresses of those who are not in yet. */
export function isOutside(path: string): boolean {
  return ['/login', '/setup', '/invitation', '/reset'].includes(path);
}

/** Asks the server who is there. */
export async function recognise(): Promise<void> {
  try {
    state.me = await get<Me>('/me');
    if (state.me.user) speak(state.me.user.language);
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error;
  } finally {
    state.known = true;
  }
}

/** After logging in: who is it, and where did they want to go? */
export async function enter(): Promise<void> {
  await recognise();
  const next = wanted ?? '/';
  wanted = null;
  go(next, { replace: true });
}

export async function leave(): Promise<void> {
  await post('/logout').catch(() => {});
  state.me = null;
  wanted = null;
  go('/login');
}

/** Keeps the language in the account, where there is one. */
export async function keepLanguage(language: string): Promise<void> {
  speak(language);
  if (!state.me?.user) return;
  try {
    const user = await patch<User>('/me', { language });
    if (state.me) state.me.user = user;
  } catch {
    // It is kept in the browser all the same.
  }
}
