import { catalogue } from './catalogue.ts';
import en from './en/traits.ts';
import es from './es/traits.ts';
import ro from './ro/traits.ts';

const say = catalogue(en, es, ro);

/** Traits that have a name in every language; others go by their paths. */
export const NAMED = Object.keys(en) as (keyof typeof en)[];

const isNamed = (path: string): path is keyof typeof en => Object.hasOwn(en, path);

/** What a trait is called. */
export function traitName(path: string): string {
  return isNamed(path) ? say(path) : path;
}

/** The path that somebody means who typed a name, or the path itself. */
export function traitPath(typed: string): string {
  const text = typed.trim();
  return NAMED.find((path) => traitName(path).toLowerCase() === text.toLowerCase()) ?? text;
}
