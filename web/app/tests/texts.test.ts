import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { fill, type Text } from '../src/texts/catalogue.ts';

const LANGUAGES = ['en', 'es', 'ro'] as const;

const loaded = import.meta.glob<Record<string, Text>>('../src/texts/*/*.ts', { eager: true, import: 'default' });
const files = readdirSync(new URL('../src/texts/en/', import.meta.url));

function catalogue(language: string, file: string): Record<string, Text> {
  const found = loaded[`../src/texts/${language}/${file}`];
  if (!found) throw new Error(`no ${language}/${file}`);
  return found;
}

const forms = (text: Text): string[] => (typeof text === 'string' ? [text] : Object.values(text));
const gaps = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1] ?? '').sort();

it.each(files)('every language has every text of %s, with the same gaps', (file) => {
  const english = catalogue('en', file);
  for (const language of LANGUAGES) {
    const theirs = catalogue(language, file);
    expect(Object.keys(theirs).sort(), language).toEqual(Object.keys(english).sort());
    for (const [key, text] of Object.entries(theirs)) {
      const wanted = gaps(forms(english[key] ?? '').at(-1) ?? '');
      for (const form of forms(text)) {
        expect(form.trim(), `${language} ${key}`).not.toBe('');
        expect(gaps(form), `${language} ${key}`).toEqual(wanted);
      }
    }
  }
});

it.each(files)('whatever counts in %s has the plurals of its language', (file) => {
  for (const language of LANGUAGES) {
    const needed = new Set(new Intl.PluralRules(language).resolvedOptions().pluralCategories);
    for (const [key, text] of Object.entries(catalogue(language, file))) {
      if (typeof text === 'string') continue;
      expect(Object.keys(text), `${language} ${key}`).toContain('one');
      if (needed.has('few')) expect(Object.keys(text), `${language} ${key}`).toContain('few');
    }
  }
});

it('a count chooses the form, and numbers are written as the language writes them', () => {
  const leads = { one: '{count} lead', few: '{count} lead-uri', other: '{count} de lead-uri' };
  expect(fill(leads, { count: 1 }, 'ro')).toBe('1 lead');
  expect(fill(leads, { count: 3 }, 'ro')).toBe('3 lead-uri');
  expect(fill(leads, { count: 2400 }, 'ro')).toBe('2.400 de lead-uri');
  expect(fill('{name} · {missing}', { name: '{count}' }, 'en')).toBe('{count} · {missing}');
});
