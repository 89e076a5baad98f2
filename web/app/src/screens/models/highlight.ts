// Light colours for YAML, line by line. A line is all that is looked at, so that a keystroke costs one line.

export interface Piece {
  text: string;
  /** Nothing for plain text. */
  kind: '' | 'comment' | 'key' | 'number' | 'string' | 'mark' | 'anchor';
}

const KEY = /^(?:[\p{L}_$][\p{L}\p{N}_. \-–'’()/&]*?|"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|\d+)(?=\s*:(?:\s|$))/u;
const NUMBER = /^[+-]?\d+(?:\.\d+)?(?=$|[\s,\]}])/;
const STRING = /^(?:"(?:[^"\\]|\\.)*"?|'(?:[^']|'')*'?)/;
const PLAIN = /^[^\s,[\]{}:#"']+|^./u;

/** The pieces of a line; together they are the line. */
export function pieces(line: string): Piece[] {
  const found: Piece[] = [];
  const push = (text: string, kind: Piece['kind']) => {
    const last = found.at(-1);
    if (last && last.kind === kind) last.text += text;
    else found.push({ text, kind });
  };
  let at = 0;
  // Whether a key may begin here: at the beginning, behind a dash, a brace or a comma.
  let fresh = true;
  while (at < line.length) {
    const rest = line.slice(at);
    const before = line[at - 1];
    const space = /^\s+/.exec(rest)?.[0];
    if (space) {
      push(space, '');
      at += space.length;
      continue;
    }
    if (rest[0] === '#' && (before === undefined || /\s/.test(before))) {
      push(rest, 'comment');
      break;
    }
    const key = fresh ? KEY.exec(rest)?.[0] : undefined;
    if (key) {
      push(key, 'key');
      at += key.length;
      fresh = false;
      continue;
    }
    if (/^(-\s|-$|[[\]{},:])/.test(rest)) {
      push(rest[0]!, 'mark');
      fresh = /[-{,[]/.test(rest[0]!);
      at += 1;
      continue;
    }
    const string = STRING.exec(rest)?.[0];
    const number = string ? undefined : NUMBER.exec(rest)?.[0];
    const anchor = /^[&*][\w-]+/.exec(rest)?.[0];
    const text = string || number || anchor || PLAIN.exec(rest)![0];
    push(text, string ? 'string' : number ? 'number' : anchor ? 'anchor' : '');
    at += text.length;
    fresh = false;
  }
  return found;
}
