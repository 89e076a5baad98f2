import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';

const DIST = new URL('../../dist/', import.meta.url);
const assets = readdirSync(new URL('assets/', DIST));
const read = (name: string) => readFileSync(new URL(name, DIST), 'utf8');
const weight = (name: string) => gzipSync(read(name)).length;

/** A file and all that it loads at once. */
function withImports(name: string, found = new Set<string>()): Set<string> {
  if (found.has(name)) return found;
  found.add(name);
  const folder = name.slice(0, name.lastIndexOf('/') + 1);
  for (const [, wanted] of read(name).matchAll(/(?:import|from)\s*"\.\/([\w.-]+\.js)"/g)) withImports(folder + wanted, found);
  return found;
}

function chunk(start: string, end: string): string {
  const name = assets.find((asset) => asset.startsWith(start) && asset.endsWith(end));
  if (!name) throw new Error(`no ${start}*${end}: npm run build`);
  return `assets/${name}`;
}

it('the first load of the list stays below 60 kB', () => {
  const scripts = new Set([...withImports(chunk('index-', '.js')), ...withImports(chunk('List-', '.js'))]);
  const styles = [chunk('index-', '.css'), chunk('List-', '.css')];
  const bytes = ['index.html', 'icon.svg', 'theme.js', ...scripts, ...styles].reduce((all, name) => all + weight(name), 0);
  console.info(`first load: ${(bytes / 1024).toFixed(1)} KiB (gzip)`);
  expect(bytes).toBeLessThan(60_000);
});

it('no screen weighs more than 40 kB of its own', () => {
  for (const name of assets.filter((asset) => asset.endsWith('.js'))) expect(weight(`assets/${name}`), name).toBeLessThan(40_000);
});

it('the page has no script and no style in itself, and asks no other site', () => {
  const page = read('index.html');
  expect(page).not.toMatch(/<style|style=|<script(?![^>]*src=)/);
  const addresses = assets.flatMap((asset) => [...read(`assets/${asset}`).matchAll(/https?:\/\/[\w./-]+/g)].map(([found]) => found));
  // Namespaces of SVG and the like, where the library explains its messages, and examples in hints.
  expect(addresses.filter((address) => !/^https?:\/\/((www\.w3\.org|svelte\.dev\/e)\/|([\w-]+\.)*example\.com\b)/.test(address))).toEqual([]);
});

it('names of files follow their content', () => {
  for (const asset of assets) expect(asset).toMatch(/-[\w-]{8}\.(js|css)$/);
});

it('the models to begin with are in it, and the image that builds it has their sources', () => {
  for (const name of ['starter', 'b2b-software', 'online-shop', 'training-school']) expect(chunk(`${name}-`, '.js')).toBeTruthy();
  const dockerfile = readFileSync(new URL('../../../packaging/Dockerfile', import.meta.url), 'utf8');
  const stage = dockerfile.split(/^FROM /m).find((one) => one.includes('AS page'));
  for (const source of ['COPY models models', 'COPY crates/scoring/src/document/starter.yaml crates/scoring/src/document/']) expect(stage).toContain(source);
});
