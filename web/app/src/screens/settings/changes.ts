// What an entry of the trail says was changed, line by line.

export interface Change {
  /** Dotted; empty: the whole. */
  path: string;
  before: string;
  after: string;
}

/** Longer texts than this are cut. */
const LONG = 160;

/** Everything that differs. What stayed as it was is left out where there is something before and after. */
export function changesOf(before: unknown, after: unknown): Change[] {
  const [old, fresh] = [flat(before), flat(after)];
  const paths = new Set([...old.keys(), ...fresh.keys()]);
  return [...paths].flatMap((path) => {
    const change = { path, before: old.get(path) ?? '', after: fresh.get(path) ?? '' };
    return change.before === change.after ? [] : [change];
  });
}

function flat(value: unknown, path = '', into = new Map<string, string>()): Map<string, string> {
  if (value === null || value === undefined) return into;
  if (typeof value !== 'object') into.set(path, cut(String(value)));
  else if (Array.isArray(value) && value.every((one) => typeof one !== 'object')) into.set(path, cut(value.join(', ')));
  else for (const [key, inner] of Object.entries(value)) flat(inner, path ? `${path}.${key}` : key, into);
  return into;
}

const cut = (text: string) => (text.length > LONG ? `${text.slice(0, LONG)}…` : text);
