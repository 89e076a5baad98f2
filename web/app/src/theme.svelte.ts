/** Light or dark: what was chosen on this device. `public/theme.js` paints it, before anything else is there. */

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEPT = 'madura.theme';

function kept(): Theme {
  try {
    const found = localStorage.getItem(KEPT);
    return found === 'light' || found === 'dark' ? found : 'system';
  } catch {
    return 'system';
  }
}

const state = $state<{ theme: Theme }>({ theme: kept() });

// Another tab chose.
addEventListener('storage', () => (state.theme = kept()));

export const theme = {
  get chosen(): Theme {
    return state.theme;
  },
  set chosen(next: Theme) {
    state.theme = next;
    try {
      if (next === 'system') localStorage.removeItem(KEPT);
      else localStorage.setItem(KEPT, next);
    } catch {
      // Browsers may forbid it altogether: then it lasts until the page is loaded anew.
    }
    dispatchEvent(new CustomEvent(KEPT, { detail: next }));
  },
};
