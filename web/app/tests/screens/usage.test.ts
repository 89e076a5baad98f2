import { describe, expect, it } from 'vitest';
import { choiceOf, CHOICES, missing, pathOf, usageOf } from '../../src/screens/imports/usage.ts';

describe('what a column is for', () => {
  it('goes to its choice and back', () => {
    for (const choice of CHOICES) expect(choiceOf(usageOf(choice, 'Column', undefined))).toBe(choice);
    expect(choiceOf(undefined)).toBe('ignore');
  });

  it('keeps the path of a trait when it becomes a property', () => {
    const trait = usageOf('trait', 'Sector de actividad', undefined);
    expect(trait).toEqual({ as: 'trait', path: 'sector_de_actividad' });
    expect(usageOf('property', 'other', trait)).toEqual({ as: 'property', path: 'sector_de_actividad' });
  });

  it('is called in plain letters', () => {
    expect(['Presupuesto anual (€)', 'Țară', 'company.name', '  ', '__a__'].map(pathOf)).toEqual(['presupuesto_anual', 'tara', 'company.name', 'trait', 'a']);
  });

  it('is not enough without somebody, a time for events, and a stage for deals', () => {
    expect(missing({}, undefined)).toBe('who');
    expect(missing({ a: { as: 'email' } }, undefined)).toBeNull();
    expect(missing({ a: { as: 'email' } }, 'deal_won')).toBe('at');
    expect(missing({ a: { as: 'email' }, b: { as: 'event' } }, undefined)).toBe('at');
    expect(missing({ a: { as: 'user' }, b: { as: 'event' }, c: { as: 'at' } }, undefined)).toBeNull();
    expect(missing({ a: { as: 'email' }, b: { as: 'deal', field: 'amount' } }, undefined)).toBe('deal');
    expect(missing({ a: { as: 'email' }, b: { as: 'deal', field: 'id' }, c: { as: 'deal', field: 'stage' } }, undefined)).toBeNull();
  });
});
