// Models to begin with: the one of the command line, and the examples, which have their own tests.

const files = import.meta.glob<string>(
  ['../../../../../models/{b2b-software,online-shop,training-school}.yaml', '../../../../../crates/scoring/src/document/starter.yaml'],
  { query: '?raw', import: 'default' },
);

export const starters = ['starter', 'b2b-software', 'online-shop', 'training-school'] as const;
export type Starter = (typeof starters)[number];

export async function starter(name: Starter): Promise<string> {
  const found = Object.entries(files).find(([path]) => path.endsWith(`/${name}.yaml`));
  if (!found) throw new Error(`no starter ${name}`);
  return found[1]();
}

/** The text with another name of its model; everything else stays. */
export function named(text: string, name: string): string {
  const plain = /^[\p{L}_][\p{L}\p{N}_-]*$/u.test(name) ? name : JSON.stringify(name);
  return /^model:/m.test(text) ? text.replace(/^model:.*$/m, () => `model: ${plain}`) : `model: ${plain}\n${text}`;
}

/** The name that a text gives its model. */
export function nameOf(text: string): string | null {
  const line = /^model:[ \t]*(.+?)[ \t]*(?:\s#.*)?$/m.exec(text)?.[1] ?? /"model"\s*:\s*("(?:[^"\\]|\\.)*")/.exec(text)?.[1];
  if (!line) return null;
  if (line.startsWith('"')) {
    try {
      return String(JSON.parse(line));
    } catch {
      return null;
    }
  }
  return line.startsWith("'") ? line.slice(1, -1).replaceAll("''", "'") : line;
}
