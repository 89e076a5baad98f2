import { describe, expect, it } from 'vitest';
import type { Text } from '../../src/texts/catalogue.ts';

const catalogues = import.meta.glob<Record<string, Text>>('../../src/texts/{en,es,ro}/{models,settings,imports}.ts', { eager: true, import: 'default' });

const forms = (text: Text) => (typeof text === 'string' ? [text] : Object.values(text).filter((form): form is string => typeof form === 'string'));
const values = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1] ?? '').sort();

describe('texts', () => {
  for (const screen of ['models', 'settings', 'imports']) {
    const of = (language: string) => catalogues[`../../src/texts/${language}/${screen}.ts`] ?? {};
    it(`of ${screen} are there in every language, with the same values in them`, () => {
      const en = of('en');
      expect(Object.keys(en).length).toBeGreaterThan(40);
      for (const language of ['es', 'ro']) {
        const other = of(language);
        expect(Object.keys(other).sort()).toEqual(Object.keys(en).sort());
        for (const [key, text] of Object.entries(other)) {
          const wanted = new Set(forms(en[key] ?? '').flatMap(values));
          for (const form of forms(text)) {
            expect(form.trim(), `${language} ${key}`).not.toBe('');
            for (const value of values(form)) expect(wanted, `${language} ${key}: ${form}`).toContain(value);
            // A Romanian `one` may write the number as a word.
            const may = new Set(typeof text === 'string' ? [] : ['count']);
            for (const value of wanted) if (!may.has(value)) expect(values(form), `${language} ${key}: ${form}`).toContain(value);
          }
        }
      }
    });

    it(`of ${screen} have a form for few in Romanian where they have one for one`, () => {
      for (const [key, text] of Object.entries(of('ro'))) if (typeof text !== 'string') expect(text.few, key).toBeTruthy();
    });
  }
});
