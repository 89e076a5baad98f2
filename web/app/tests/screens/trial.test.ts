import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Trial, type Asking } from '../../src/screens/models/trial.svelte.ts';
import type { Checked, Comparison } from '../../src/screens/models/types.ts';
import { PAUSE, Workbench } from '../../src/screens/models/workbench.svelte.ts';
import { DOCUMENT } from '../mock/bench.ts';

const fine: Checked = { is_valid: true, model: 'm', errors: [], warnings: [] };
const wrong: Checked = { is_valid: false, model: null, errors: [{ pointer: '/document', detail: 'E001 no', line: 1, column: 1 }], warnings: [] };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Answers that are given by hand. */
function desk() {
  const asked: { text: string; answer: (leads: number) => void; fail: (error: Error) => void }[] = [];
  const asking: Asking = {
    check: (text) => Promise.resolve(text === 'wrong' ? wrong : fine),
    compare: (text) => new Promise((resolve, reject) => asked.push({ text, answer: (leads) => resolve({ leads } as Comparison), fail: reject })),
  };
  return { asked, trial: new Trial(asking) };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

describe('trying a text out', () => {
  it('waits for a pause, and asks once for all that was typed', async () => {
    const { asked, trial } = desk();
    for (const text of ['a', 'ab', 'abc']) {
      trial.want(text, PAUSE);
      await vi.advanceTimersByTimeAsync(PAUSE / 2);
    }
    expect(asked).toEqual([]);
    expect(trial.state).toBe('waiting');
    await vi.advanceTimersByTimeAsync(PAUSE);
    expect(asked.map((one) => one.text)).toEqual(['abc']);
    asked[0]!.answer(7);
    await settle();
    expect(trial.state).toBe('done');
    expect(trial.comparison?.leads).toBe(7);
  });

  it('has one question under way, and asks the latest text next', async () => {
    const { asked, trial } = desk();
    trial.want('1', 0);
    await settle();
    for (const text of ['2', '3', '4']) {
      trial.want(text, 0);
      await settle();
    }
    expect(asked.map((one) => one.text)).toEqual(['1']);
    asked[0]!.answer(1);
    await settle();
    expect(asked.map((one) => one.text), '2 and 3 are of no interest any more').toEqual(['1', '4']);
    asked[1]!.answer(4);
    await settle();
    expect(trial.comparison?.leads).toBe(4);
    expect(trial.isBusy).toBe(false);
  });

  it('keeps the last comparison while a text is no model', async () => {
    const { asked, trial } = desk();
    trial.want('fine', 0);
    await settle();
    asked[0]!.answer(9);
    await settle();
    trial.want('wrong', 0);
    await settle();
    expect(trial.state).toBe('wrong');
    expect(trial.errors.length).toBe(1);
    expect(trial.comparison?.leads).toBe(9);
    expect(asked.length).toBe(1);
  });

  it('does not ask again for what it knows', async () => {
    const { asked, trial } = desk();
    trial.want('same', 0);
    await settle();
    asked[0]!.answer(1);
    await settle();
    trial.want('other', PAUSE);
    trial.want('same', PAUSE);
    await vi.advanceTimersByTimeAsync(2 * PAUSE);
    expect(asked.length).toBe(1);
    expect(trial.state).toBe('done');
    trial.again();
    await settle();
    expect(asked.length).toBe(2);
  });

  it('says what failed, and goes on with the next text', async () => {
    const { asked, trial } = desk();
    trial.want('a', 0);
    await settle();
    asked[0]!.fail(new Error('no answer'));
    await settle();
    expect(trial.state).toBe('failed');
    expect(trial.failure).toBe('no answer');
    trial.want('b', 0);
    await settle();
    asked[1]!.answer(2);
    await settle();
    expect(trial.state).toBe('done');
  });
});

describe('the bench', () => {
  const bench = () => {
    const { asked, trial } = desk();
    const made = new Workbench(trial);
    made.open(DOCUMENT, DOCUMENT, DOCUMENT);
    return { asked, made };
  };
  const pricing = (made: Workbench) => made.outline.groups[1]!.criteria[0]!.weights[0]!;

  it('puts a dragged number into the text, and undoes the whole drag at once', async () => {
    const { made } = bench();
    for (const value of [7, 8, 9, 10]) made.setNumber(pricing(made), value);
    expect(made.text).toBe(DOCUMENT.replace('points:   6   #', 'points:   10   #'));
    expect(made.isDirty && made.differs).toBe(true);
    expect(pricing(made).value).toBe(10);
    expect(made.first('Pricing page/points')?.value).toBe(6);
    made.undo();
    expect(made.text).toBe(DOCUMENT);
    expect(made.isDirty).toBe(false);
    made.redo();
    expect(made.text).toContain('points:   10   #');
    expect(pricing(made).value).toBe(10);
  });

  it('finds the number where it stands after lines were typed above it', () => {
    const { made } = bench();
    const before = pricing(made);
    made.type(`# one more line\n${DOCUMENT}`, 16);
    made.setNumber(before, 11);
    expect(made.text).toBe(`# one more line\n${DOCUMENT.replace('points:   6   #', 'points:   11   #')}`);
  });

  it('does nothing where the criterion is gone, or the number is none', () => {
    const { made } = bench();
    const before = pricing(made);
    made.setNumber(before, Number.NaN);
    expect(made.text).toBe(DOCUMENT);
    made.type('model: x\n', 0);
    made.setNumber(before, 3);
    expect(made.text).toBe('model: x\n');
  });
});
