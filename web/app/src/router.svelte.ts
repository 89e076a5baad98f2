/** Where the page is: addresses of the page itself, kept by the browser's history. */

const here = $state({ path: location.pathname, query: location.search, hash: location.hash });

/** The address of today. Reading it in a component makes the component follow it. */
export const route = {
  /** Such as `/leads/0197`, never with a slash at its end. */
  get path(): string {
    return here.path.replace(/\/+$/, '') || '/';
  },
  /** What stands behind `?`. */
  get query(): URLSearchParams {
    return new URLSearchParams(here.query);
  },
  /** What stands behind `#`, as pairs: secrets of links stand there, where no server sees them. */
  get secret(): URLSearchParams {
    return new URLSearchParams(here.hash.slice(1));
  },
};

function read() {
  here.path = location.pathname;
  here.query = location.search;
  here.hash = location.hash;
}

/** Goes to an address of the page. */
export function go(address: string, how: { replace?: boolean } = {}): void {
  if (how.replace) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
  read();
  if (!how.replace) scrollTo(0, 0);
}

/** An address with a query; what is empty is left out. */
export function address(path: string, query: Record<string, string | number | boolean | null | undefined> = {}): string {
  const kept = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== '');
  if (!kept.length) return path;
  return `${path}?${new URLSearchParams(kept.map(([key, value]) => [key, String(value)]))}`;
}

/** The parts of an address by a pattern such as `/leads/:id`; null: it is another one. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return null;
  const parts: Record<string, string> = {};
  for (const [at, want] of wanted.entries()) {
    const give = given[at] ?? '';
    if (want.startsWith(':')) {
      try {
        parts[want.slice(1)] = decodeURIComponent(give);
      } catch {
        return null;
      }
    } else if (want !== give) return null;
  }
  return parts;
}

/** Makes links of the page stay in the page, and follows the browser's buttons. */
export function follow(): () => void {
  const clicked = (event: MouseEvent) => {
    if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    const target = link?.getAttribute('href');
    if (!link || !target?.startsWith('/') || target.startsWith('//') || target.startsWith('/api/')) return;
    if (link.target || link.hasAttribute('download')) return;
    event.preventDefault();
    go(target);
  };
  addEventListener('popstate', read);
  addEventListener('hashchange', read);
  document.addEventListener('click', clicked);
  return () => {
    removeEventListener('popstate', read);
    removeEventListener('hashchange', read);
    document.removeEventListener('click', clicked);
  };
}
