import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

const assets = new URL('../../../dist/assets/', import.meta.url);

/** A chunk and everything that it needs before it runs. */
function needed(name: string, found = new Set<string>()): Set<string> {
  if (found.has(name)) return found;
  found.add(name);
  const code = readFileSync(new URL(name, assets), 'utf8');
  for (const [, other] of code.matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g)) if (other) needed(other, found);
  return found;
}

describe.skipIf(!existsSync(assets))('screens that are loaded when they are first shown', () => {
  const files = existsSync(assets) ? readdirSync(assets) : [];
  const chunk = (screen: string) => files.find((name) => new RegExp(`^${screen}-[\\w-]{8}\\.js$`).test(name)) ?? '';
  const html = existsSync(assets) ? readFileSync(new URL('../index.html', assets), 'utf8') : '';
  const first = new Set([...html.matchAll(/assets\/([\w.-]+\.js)/g)].flatMap((found) => [...needed(found[1] ?? '')]));

  // The bench and the editor of segments have a parser of YAML, which knows where every number stands.
  for (const [screen, limit] of [['Model', 80_000], ['Models', 25_000], ['Import', 25_000], ['Imports', 20_000], ['Settings', 20_000], ['Segments', 25_000], ['Editor', 60_000], ['Webhooks', 20_000]] as const) {
    it(`${screen} has less than ${limit / 1000} kB`, () => {
      const own = [...needed(chunk(screen))].filter((name) => !first.has(name));
      const size = own.reduce((sum, name) => sum + gzipSync(readFileSync(new URL(name, assets))).length, 0);
      expect(size).toBeGreaterThan(500);
      expect(size).toBeLessThan(limit);
      expect(first, 'it is no part of the first load').not.toContain(chunk(screen));
    });
  }
});
