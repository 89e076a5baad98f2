/** A score card as steps on the way from nothing to the score. */
import type { Card, Criterion } from './types.ts';

/** From where to where the sum goes at a line. */
export interface Move {
  from: number;
  to: number;
}

export interface Line extends Move {
  criterion: Criterion;
}

export interface Block {
  name: string;
  dimension: 'fit' | 'engagement';
  value: number;
  lines: Line[];
  /** How many criteria give nothing and took no part. */
  idle: Criterion[];
  /** What the group's limit took or added; nothing where it did neither. */
  cut: (Move & { value: number }) | null;
}

export interface End extends Move {
  kind: 'held' | 'rounding' | 'disqualification';
  value: number;
}

export interface Waterfall {
  blocks: Block[];
  ends: End[];
  score: number;
  /** The smallest and the largest sum on the way. */
  low: number;
  high: number;
}

const amount = (text: string | undefined): number => Number(text ?? 0) || 0;

/** Whether a criterion gave something, or would have but for age and limits. */
export function counts(criterion: Criterion): boolean {
  return amount(criterion.value) !== 0 || amount(criterion.raw) !== 0;
}

export function waterfall(card: Card): Waterfall {
  let sum = 0;
  let low = 0;
  let high = 0;
  const move = (value: number): Move => {
    const from = sum;
    sum += value;
    low = Math.min(low, sum);
    high = Math.max(high, sum);
    return { from, to: sum };
  };
  const blocks = card.groups.map((group): Block => {
    const lines = group.criteria.filter(counts).map((criterion) => ({ criterion, ...move(amount(criterion.value)) }));
    const cut = amount(group.cut);
    return {
      name: group.group,
      dimension: group.dimension,
      value: amount(group.value),
      lines,
      idle: group.criteria.filter((criterion) => !counts(criterion)),
      cut: cut ? { value: cut, ...move(cut) } : null,
    };
  });
  const kinds = ['held', 'rounding', 'disqualification'] as const;
  const ends = kinds.flatMap((kind): End[] => {
    const value = amount(card[kind]);
    return value ? [{ kind, value, ...move(value) }] : [];
  });
  return { blocks, ends, score: card.score, low, high };
}

/** Which criterion would tell more if a trait were known. */
export function askedBy(card: Card, trait: string): string[] {
  const asking = card.groups.flatMap((group) => group.criteria);
  return asking
    .filter((criterion) => criterion.answer === 'unknown' && criterion.traits?.some((seen) => seen.trait === trait && seen.value === null))
    .map((criterion) => criterion.criterion);
}
