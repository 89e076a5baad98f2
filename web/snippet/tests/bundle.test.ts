import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
// @ts-expect-error the build script is plain JavaScript
import { GZIP_BYTES_MAX, bundle, gzipBytes } from '../build.mjs';

const built = readFileSync(new URL('../dist/m.js', import.meta.url), 'utf8');

test('the bundle is under 5 kB after gzip', () => {
  expect(GZIP_BYTES_MAX).toBe(5000);
  expect(gzipBytes(built)).toBeLessThanOrEqual(GZIP_BYTES_MAX);
});

test('the committed bundle is what the sources build: otherwise run `npm run build`', async () => {
  expect(built).toBe(await bundle());
});

test('the bundle evaluates no text and writes no markup', () => {
  expect(built).not.toMatch(/\beval\b|new Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write/);
});
