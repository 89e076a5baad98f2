/** Texts in all languages: one catalogue for each screen, typed, so that a missing key does not compile. */
import { language, type Language } from './language.svelte.ts';

/** A text that depends on how many: the forms that `Intl.PluralRules` knows. English and Spanish need `one`
 * and `other`, Romanian `few`, too. */
export interface Plural {
  one: string;
  few?: string;
  other: string;
}

export type Text = string | Plural;
export type Texts<Key extends string> = Record<Key, Text>;

/** What stands for `{name}` in a text. */
export type Values = Record<string, string | number>;

const rules = new Map<Language, Intl.PluralRules>();

function form(text: Plural, count: number, spoken: Language): string {
  let known = rules.get(spoken);
  if (!known) rules.set(spoken, (known = new Intl.PluralRules(spoken)));
  const wanted = known.select(count);
  return wanted === 'one' ? text.one : wanted === 'few' ? (text.few ?? text.other) : text.other;
}

/** A text with its values. The plural follows the value `count`. */
export function fill(text: Text, values: Values, spoken: Language): string {
  const count = values['count'];
  const chosen = typeof text === 'string' ? text : form(text, Number(count ?? 0), spoken);
  return chosen.replace(/\{(\w+)\}/g, (all, name: string) => {
    const value = values[name];
    if (value === undefined) return all;
    return typeof value === 'number' ? new Intl.NumberFormat(spoken).format(value) : value;
  });
}

/** Says a text of a screen: `say('title')`, `say('waiting', { count: 3 })`. */
export interface Say<Key extends string> {
  (key: Key, values?: Values): string;
  readonly texts: Record<Language, Texts<Key>>;
}

/** The texts of a screen, as the function that says them. */
export function catalogue<Key extends string>(en: Texts<Key>, es: Texts<NoInfer<Key>>, ro: Texts<NoInfer<Key>>): Say<Key> {
  const texts: Record<Language, Texts<Key>> = { en, es, ro };
  return Object.assign((key: Key, values: Values = {}): string => fill(texts[language()][key], values, language()), { texts });
}

/** Texts of a part of a screen beside those that all its parts have. */
export function extended<Shared extends string, Key extends string>({ texts }: Say<Shared>, en: Texts<Key>, es: Texts<NoInfer<Key>>, ro: Texts<NoInfer<Key>>): Say<Shared | Key> {
  type All = Texts<Shared | Key>;
  return catalogue<Shared | Key>({ ...texts.en, ...en } as All, { ...texts.es, ...es } as All, { ...texts.ro, ...ro } as All);
}
