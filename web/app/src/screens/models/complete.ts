// What may be meant where somebody types the name of a trait or an event into a document.

/** What facts are called, as the server tells it. */
export interface Words {
  traits: { path: string; kinds: string[]; leads: number }[];
  events: { name: string; count: number; last_at: string; properties: { path: string; kinds: string[] }[] }[];
  is_cut: boolean;
}

export interface Completion {
  /** Where in the text that begins which an option replaces; it ends at the cursor. */
  from: number;
  /** Those that begin so first. */
  options: string[];
}

const OPTIONS_MAX = 8;

/** Up to the cursor: the key, and what is typed of its value. */
const TYPED = /(?:^|[\s{,])(trait|event):[ ]+(?:\[(?:[^\]\n]*,)?[ ]*)?(["']?)([\p{L}\p{N}_.:/ -]*)$/u;

/** What may be meant at a place of a text; null: nothing is to be completed there. */
export function complete(text: string, at: number, words: Words): Completion | null {
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1, at);
  // What follows would be run together with what is put in.
  if (/^[\p{L}\p{N}_.]/u.test(text.slice(at))) return null;
  const [, key, , typed = ''] = TYPED.exec(line) ?? [];
  if (!key) return null;
  const names = key === 'trait' ? words.traits.map((one) => one.path) : words.events.map((one) => one.name);
  const wanted = typed.toLowerCase();
  const begins = names.filter((name) => name.toLowerCase().startsWith(wanted));
  const has = names.filter((name) => !begins.includes(name) && name.toLowerCase().includes(wanted));
  // Only what stands in a document without quotes is put in without them.
  const options = [...begins, ...has].filter((name) => /^[\p{L}_][\p{L}\p{N}_.-]*$/u.test(name)).slice(0, OPTIONS_MAX);
  if (!options.length || (options.length === 1 && options[0] === typed)) return null;
  return { from: at - typed.length, options };
}
