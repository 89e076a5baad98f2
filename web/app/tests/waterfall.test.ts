import { expect, it } from 'vitest';
import { changeBefore, neighbour, path, sampleAt, scales, snapped, ticksTo } from '../src/screens/lead/course.ts';
import type { Card } from '../src/screens/lead/types.ts';
import { askedBy, waterfall } from '../src/screens/lead/waterfall.ts';
import { ripeness } from '../src/ui/ripeness.ts';
import { explain, history } from './mock/card.ts';
import { seedLeads } from './mock/company.ts';

const leads = seedLeads(40);

it.each(leads.map((lead) => [lead.score, lead] as const))('the lines of a card of %i points add up to the score', (score, lead) => {
  const fall = waterfall(explain(lead, null) as Card);
  const moves = [...fall.blocks.flatMap((block) => [...block.lines, ...(block.cut ? [block.cut] : [])]), ...fall.ends];
  let sum = 0;
  for (const move of moves) {
    expect(move.from).toBeCloseTo(sum, 9);
    sum = move.to;
    expect(sum).toBeGreaterThanOrEqual(fall.low - 1e-9);
    expect(sum).toBeLessThanOrEqual(fall.high + 1e-9);
  }
  expect(sum).toBeCloseTo(score, 6);
});

it('a limit of a group is a line of its own, and a criterion without points is none', () => {
  const fall = waterfall(explain({ ...leads[0]!, score: 60 }, null) as Card);
  const site = fall.blocks.find((block) => block.name === 'Web site');
  expect(site?.cut?.value).toBeLessThan(0);
  const person = fall.blocks.find((block) => block.name === 'Person');
  expect(person?.lines.map((line) => line.criterion.criterion)).toEqual(['Recommends the purchase']);
  expect(person?.idle.map((criterion) => criterion.criterion)).toEqual(['Has a budget']);
});

it('what is worth asking names the criterion that asks', () => {
  expect(askedBy(explain(leads[0]!, null) as Card, 'answers.budget')).toEqual(['Has a budget']);
});

it('a course is drawn from edge to edge, and jumps where the score jumps', () => {
  const course = history({ ...leads[0]!, score: 80 }) as Parameters<typeof scales>[0];
  const frame = { width: 400, height: 200, left: 30, right: 10, top: 10, bottom: 20 };
  const scale = scales(course, frame);
  expect(scale.x(scale.from)).toBe(30);
  expect(scale.x(scale.to)).toBe(390);
  expect(scale.at(scale.x(scale.from + 1_000_000))).toBeCloseTo(scale.from + 1_000_000, 0);
  expect(scale.y(0)).toBe(180);
  expect(path(course.samples, scale)).toMatch(/^M30\.0 [\d.]+(H[\d.]+(V[\d.]+)?)+$/);
  expect(sampleAt(course.samples, scale.from - 1)).toBe(course.samples[0]);
  expect(sampleAt(course.samples, scale.to)).toBe(course.samples.at(-1));
});

it('the ticks of an axis go past its top', () => {
  for (const top of [1, 7, 10, 98, 100, 420, 12_000]) {
    expect(ticksTo(top).at(-1)).toBeGreaterThanOrEqual(top);
    expect(ticksTo(top).length).toBeLessThan(8);
  }
});

it('brackets ripen from the lowest to the highest, however many there are', () => {
  expect(['a', 'b', 'c'].map((one) => ripeness(one, ['a', 'b', 'c']))).toEqual([0, 2, 4]);
  expect(ripeness('only', ['only'])).toBe(4);
  expect(ripeness('other', ['a', 'b'])).toBe(0);
});

it('a change is found by its time, by going to the next one, and by pointing near it', () => {
  const changes = [100, 200, 300].map((at) => ({ at: new Date(at).toISOString() }) as Parameters<typeof changeBefore>[0][number]);
  expect(changeBefore(changes, 99)).toBeNull();
  expect(changeBefore(changes, 200)).toBe(changes[1]);
  expect(changeBefore(changes, 299)).toBe(changes[1]);
  expect(neighbour(changes, 200, true)).toBe(300);
  expect(neighbour(changes, 200, false)).toBe(100);
  expect(neighbour(changes, 300, true)).toBeNull();
  expect(neighbour([], 300, false)).toBeNull();
  expect(snapped(changes, 205, 10)).toBe(200);
  expect(snapped(changes, 251, 60), 'the nearer of two').toBe(300);
  expect(snapped(changes, 150, 10)).toBe(150);
});
