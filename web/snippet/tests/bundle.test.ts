import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
// @ts-expect-error the build script is plain JavaScript
import { GZIP_BYTES_MAX, bundle } from '../build.mjs';

const built = readFileSync(new URL('../dist/m.js', import.meta.url), 'utf8');
const packed = readFileSync(new URL('../dist/m.js.gz', import.meta.url));

test('the bundle is under 5 kB after gzip', () => {
  expect(GZIP_BYTES_MAX).toBe(5000);
  expect(packed.length).toBeLessThanOrEqual(GZIP_BYTES_MAX);
  expect(gunzipSync(packed).toString()).toBe(built);
});

test('the committed bundle is what the sources build: otherwise run `npm run build`', async () => {
  expect(built).toBe(await bundle());
});

test('the bundle evaluates no text and writes no markup', () => {
  expect(built).not.toMatch(/\beval\b|new Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write/);
});
