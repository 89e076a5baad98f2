import { expect, it } from 'vitest';
import { Pages, type Page } from '../src/api/pages.svelte.ts';

/** Answers when it is told to, in whatever order. */
function slow() {
  const waiting: { cursor: string | null; answer: (page: Page<number>) => void; fail: (error: Error) => void }[] = [];
  const pages = new Pages<number>((cursor) => new Promise((answer, fail) => waiting.push({ cursor, answer, fail })));
  return { pages, waiting };
}

it('a list is read on where it ended, and begins anew as a whole', async () => {
  const { pages, waiting } = slow();
  const first = pages.again();
  expect(pages.items).toBeNull();
  waiting[0]!.answer({ items: [1, 2], next: 'two' });
  await first;
  const second = pages.more();
  expect(waiting[1]!.cursor).toBe('two');
  waiting[1]!.answer({ items: [3], next: null });
  await second;
  expect(pages.items).toEqual([1, 2, 3]);
  await pages.more();
  expect(waiting.length, 'nothing is asked for behind the end').toBe(2);
  const anew = pages.again();
  expect(pages.items, 'what is shown stays until the answer is there').toEqual([1, 2, 3]);
  waiting[2]!.answer({ items: [4], next: null });
  await anew;
  expect(pages.items).toEqual([4]);
});

it('an answer that comes after a newer question is not shown, and neither is its failure', async () => {
  const { pages, waiting } = slow();
  const early = pages.again();
  const late = pages.again();
  waiting[1]!.answer({ items: [2], next: null });
  await late;
  waiting[0]!.fail(new Error('too late'));
  await early;
  expect(pages.items).toEqual([2]);
  expect(pages.failed).toBeNull();
  expect(pages.busy).toBe(false);
});

it('what is shown stays when reading on fails, and the failure goes with the next success', async () => {
  const { pages, waiting } = slow();
  const first = pages.again();
  waiting[0]!.answer({ items: [1], next: 'more' });
  await first;
  const second = pages.more();
  waiting[1]!.fail(new Error('gone'));
  await second;
  expect(pages.items).toEqual([1]);
  expect(pages.failed).toBeInstanceOf(Error);
  const third = pages.more();
  waiting[2]!.answer({ items: [2], next: null });
  await third;
  expect(pages.items).toEqual([1, 2]);
  expect(pages.failed).toBeNull();
});
