import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pieces } from '../../src/screens/models/highlight.ts';
import { moved, outlineOf, withNumber, written, type Spot } from '../../src/screens/models/outline.ts';
import { named, nameOf } from '../../src/screens/models/starters.ts';
import { reach, spotsOf } from '../../src/screens/models/workbench.svelte.ts';
import { DOCUMENT, STARTER } from '../mock/bench.ts';

const models = new URL('../../../../models/', import.meta.url);
const examples = readdirSync(models)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => ({ name, text: readFileSync(new URL(name, models), 'utf8') }));
const all = [...examples, { name: 'starter', text: STARTER }, { name: 'mock', text: DOCUMENT }];

describe('the numbers in a document', () => {
  it('are found where they stand, in every example', () => {
    expect(examples.length).toBeGreaterThan(5);
    for (const { name, text } of all) {
      const spots = spotsOf(outlineOf(text));
      expect(spots.length, name).toBeGreaterThan(4);
      for (const spot of spots) {
        expect(Number(text.slice(spot.from, spot.to)), `${name} ${spot.key}`).toBe(spot.value);
        expect(text.slice(0, spot.from).split('\n').length, `${name} ${spot.key}`).toBe(spot.line);
      }
      expect(new Set(spots.map((spot) => spot.key)).size, name).toBe(spots.length);
    }
  });

  it('are those of criteria, rows, otherwise, brackets and stages, and none of the tests', () => {
    const outline = outlineOf(DOCUMENT);
    expect(spotsOf(outline).map((spot) => [spot.key, spot.value])).toEqual([
      ['Company size/bands/0', 0],
      ['Company size/bands/1', 8],
      ['Company size/bands/2', 20],
      ['Pricing page/points', 6],
      ['Gone quiet/tiers/0', -10],
      ['bracket/cold', 0],
      ['bracket/curious', 20],
      ['bracket/warm', 40],
      ['bracket/hot', 60],
      ['bracket/ready', 80],
      ['enter/marketing_qualified', 50],
      ['leave/marketing_qualified', 40],
    ]);
    expect(outline.groups[0]?.criteria[0]?.weights[1]?.row).toEqual({ below: '100' });
    expect(outline.groups[1]?.criteria[1]?.looksAt).toBe('page_viewed, email_opened');
  });

  it('are changed one at a time, and every other letter stays', () => {
    const spot = spotsOf(outlineOf(DOCUMENT)).find((one) => one.key === 'Pricing page/points')!;
    const text = withNumber(DOCUMENT, spot, -12.5);
    expect(text).toBe(DOCUMENT.replace('points:   6   # agreed', 'points:   -12.5   # agreed'));
    expect(text.split('\n').length).toBe(DOCUMENT.split('\n').length);
  });

  it('move along when one before them becomes wider or narrower', () => {
    for (const { name, text } of all) {
      const outline = outlineOf(text);
      // Reading takes a hundred times longer than moving: a few spots of each example, wherever they fall.
      for (const spot of spotsOf(outline).filter((_, at) => at % 20 === 4)) {
        for (const value of [-123.25, 7]) {
          const places = (spots: Spot[]) => spots.map(({ from, to, value }) => [from, to, value]);
          expect(places(spotsOf(moved(outline, spot, value))), `${name} ${spot.key}`).toEqual(places(spotsOf(outlineOf(withNumber(text, spot, value)))));
        }
      }
    }
  });

  it('are found as far as a broken text can be read', () => {
    for (const text of ['', 'groups', 'groups: [', '{{{', '- - -', 'groups:\n  - criteria:\n    - name: A\n      points: 5\n   bad indent: [', 'a: &a [*a]', '\u0000', 'groups: {a: 1}', 'groups: [1, {criteria: [2, {points: x}]}]']) {
      expect(() => outlineOf(text), JSON.stringify(text)).not.toThrow();
    }
    const half = outlineOf(DOCUMENT.replace('brackets: [', 'brackets: [[['));
    expect(half.groups.flatMap((group) => group.criteria).length).toBe(3);
  });

  it('are found in JSON as well', () => {
    const json = '{"model": "m", "groups": [{"group": "g", "criteria": [{"name": "c", "trait": "t", "is": "x", "points": 10}]}]}';
    const [spot] = spotsOf(outlineOf(json));
    expect(withNumber(json, spot!, 3)).toBe(json.replace('10', '3'));
  });

  it('are written with two decimals at most, as models want them', () => {
    expect([0.1 + 0.2, -0, 10, -2.505, 1e-9].map(written)).toEqual(['0.3', '0', '10', '-2.5', '0']);
  });

  it('have a slider that reaches twice as far, and further where more is typed', () => {
    expect(reach(6, 6)).toEqual({ min: 0, max: 15, step: 1 });
    expect(reach(-25, -25)).toEqual({ min: -50, max: 0, step: 1 });
    expect(reach(0.5, 0.5)).toMatchObject({ min: 0, max: 10, step: 0.5 });
    expect(reach(6, 120).max).toBeGreaterThanOrEqual(120);
    expect(reach(6, -3).min).toBeLessThanOrEqual(-3);
  });
});

describe('the colours of a line', () => {
  it('leave every letter as it is', () => {
    const hostile = ['', '   ', '#', 'a:#b', '"', "'", 'a: "b', "- 'it''s: x'", '<img src=x onerror=alert(1)>', '\t- x: &a *b {c: [1, -2.5]}', '😀: 😀', 'a: b: c', '::::', '- - - a'];
    for (const line of [...hostile, ...all.flatMap(({ text }) => text.split('\n'))]) {
      expect(pieces(line).map((piece) => piece.text).join('')).toBe(line);
    }
  });

  it('tell keys, numbers and comments apart', () => {
    const kinds = (line: string) => pieces(line).filter((piece) => piece.kind).map((piece) => `${piece.kind} ${piece.text}`);
    expect(kinds('  - name: Pricing page # why')).toEqual(['mark -', 'key name', 'mark :', 'comment # why']);
    expect(kinds('points: -2.5')).toEqual(['key points', 'mark :', 'number -2.5']);
    expect(kinds('a: "x: 1"')).toEqual(['key a', 'mark :', 'string "x: 1"']);
  });
});

describe('the name of a model', () => {
  it('is read from its text and put into it, whatever it is', () => {
    expect(nameOf(DOCUMENT)).toBe('b2b-software');
    expect(nameOf('{"model": "a b", "groups": []}')).toBe('a b');
    expect(nameOf("model: 'it''s' # ours")).toBe("it's");
    expect(nameOf('groups: []')).toBeNull();
    for (const name of ['plain', 'true: x', '$&', 'ñandú']) expect(nameOf(named(STARTER, name))).toBe(name);
    expect(named(STARTER, 'x').split('\n').length).toBe(STARTER.split('\n').length);
  });
});
