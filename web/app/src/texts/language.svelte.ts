/** The language of the page: the account's, else the one chosen in this browser, else the browser's own. */

export const languages = { en: 'English', es: 'Español', ro: 'Română' } as const;
export type Language = keyof typeof languages;

const KEPT = 'madura.language';

function isLanguage(value: string | null | undefined): value is Language {
  return value === 'en' || value === 'es' || value === 'ro';
}

function first(): Language {
  const kept = storage()?.getItem(KEPT);
  if (isLanguage(kept)) return kept;
  for (const wished of globalThis.navigator?.languages ?? []) {
    const short = wished.slice(0, 2);
    if (isLanguage(short)) return short;
  }
  return 'en';
}

/** Browsers may forbid it altogether. */
function storage(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

const chosen = $state({ language: first() });

/** The language of today. Reading it in a component makes the component follow it. */
export function language(): Language {
  return chosen.language;
}

/** Speaks another language from now on; keeping it in the account is `session`'s. */
export function speak(next: string): void {
  if (!isLanguage(next)) return;
  chosen.language = next;
  storage()?.setItem(KEPT, next);
}
