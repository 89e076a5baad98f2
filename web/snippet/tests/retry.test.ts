import { expect, test } from 'vitest';
import { mayPass, pauseAfter } from '../src/retry';

test('what is taken or refused for good is not tried again', () => {
  for (const status of [200, 204, 400, 401, 403, 404, 410, 413]) expect(mayPass(status), `${status}`).toBe(false);
});

test('what may pass is tried again, ever more slowly, but within five minutes and their jitter', () => {
  for (const status of [0, 408, 425, 429, 500, 503, 599]) expect(mayPass(status), `${status}`).toBe(true);
  expect([0, 1, 2, 3].map(failures => pauseAfter(0, failures, 0))).toEqual([1000, 2000, 4000, 8000]);
  expect(pauseAfter(0, 400, 1)).toBe(450_000);
});

test('the server is given the time that it asks for, spread out so that not all come back at once', () => {
  expect(pauseAfter(30, 0, 0)).toBe(30_000);
  expect(pauseAfter(30, 0, 1)).toBe(45_000);
  expect(pauseAfter(86_400, 0, 0)).toBe(300_000);
  expect(pauseAfter(Number.NaN, 0, 0)).toBe(1000);
});
