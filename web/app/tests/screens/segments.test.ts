import { describe, expect, it } from 'vitest';
import { lacks, newGroup, newPlace, read, write, type EventPart, type PlacePart, type TraitPart } from '../../src/screens/settings/segments/condition.ts';
import { gather, valueOf } from '../../src/screens/settings/segments/vocabulary.ts';
import { inWords, meant, span } from '../../src/screens/settings/segments/words.ts';
import { speak } from '../../src/texts/language.svelte.ts';
import { traitPath } from '../../src/texts/traits.ts';
import { inBrowser, violations } from '../browser.ts';
import { route } from '../mock/route.ts';
import { Setup } from '../mock/setup.ts';

describe('a condition', () => {
  // Everything that the grammar of conditions has, as the server keeps it.
  const conditions = [
    { trait: 'country', is: 'ES' },
    { trait: 'country', in: ['ES', 'RO'] },
    { trait: 'country', not_in: ['ES', 'RO'] },
    { trait: 'company.employees', between: [10, 250] },
    { trait: 'company.employees', at_least: 50 },
    { trait: 'answers.budget', exists: false },
    { trait: 'title', matches: '^dir', exact: true },
    { trait: 'created_at', older_than: '3mo' },
    { event: 'page_viewed' },
    { event: ['page_viewed', 'file_downloaded'], where: { path: { starts_with: '/pricing', ends_with: 'x' }, seconds: { above: 30 } }, within: '30d', at_least: 2 },
    { not: { event: 'session_started', within: '60d' } },
    { not: { trait: 'country', is: 'ES' } },
    { any: [{ trait: 'a', is: true }, { all: [{ trait: 'b', is: 7 }, { event: 'c' }] }] },
    { not: { any: [{ trait: 'a', is: 1 }, { trait: 'b', is: 2 }] } },
    { not: { all: [{ trait: 'a', is: 1 }, { trait: 'b', is: 2 }] } },
    { bracket: 'hot' },
    { bracket: ['hot', 'warm'], model: 'online-shop' },
    { not: { stage: 'sales_qualified' } },
    { stage: [null, 'subscriber'] },
    { bracket: null },
    { score: { at_least: 50, at_most: 80 } },
    { all: [{ score: { at_most: 0 } }, { not: { any: [{ bracket: 'hot' }, { trait: 'a', is: 1 }] } }] },
  ];

  it.each(conditions.map((one) => [JSON.stringify(one), one] as const))('%s is the same after it was taken into parts', (_, condition) => {
    const parts = read(condition);
    expect(parts && lacks(parts)).toBeNull();
    expect(parts && write(parts)).toEqual(condition);
  });

  it('with several tests of one trait asks for all of them', () => {
    expect(write(read({ trait: 'age', at_least: 20, below: 30 })!)).toEqual({ all: [{ trait: 'age', at_least: 20 }, { trait: 'age', below: 30 }] });
  });

  it('that parts cannot say is none, rather than another one', () => {
    for (const told of [{ trait: 'a', longer_than: 3 }, { event: 'a', per: 'day' }, { all: 'a' }, { all: [{ event: 'a' }, { odd: 1 }] }, { event: 'a', where: { b: { c: 1 } } }, { trait: 'a' }, { score: 5 }, { score: { above: 5 } }, { bracket: 5 }, { bracket: 'hot', stage: 'x' }, { bracket: 'hot', model: 5 }, null, 'text', []]) expect(read(told), JSON.stringify(told)).toBeNull();
  });

  it('on a score that ends before it begins is not whole', () => {
    const score = (from: number | null, upTo: number | null): PlacePart => ({ ...newPlace('score'), from, upTo });
    expect(lacks(score(null, null))).toBe('value');
    expect(lacks(score(50, 40))).toBe('value');
    expect(lacks(score(Number.NaN, 40))).toBe('value');
    expect(lacks(score(50, 50))).toBeNull();
    expect(lacks(newPlace('stage'))).toBe('value');
  });

  it('says what is missing before it is whole', () => {
    const trait = (path: string, values: TraitPart['test']['values']): TraitPart => ({ kind: 'trait', id: 0, path, test: { operator: 'is', values, isExact: false } });
    const event = (details: EventPart['details']): EventPart => ({ kind: 'event', id: 0, names: ['a'], details, within: '', times: 1, isDone: true });
    const detail = (value: string) => ({ id: 0, path: 'path', test: { operator: 'contains' as const, values: [value], isExact: false } });
    expect(lacks(newGroup())).toBe('parts');
    expect(lacks(newGroup('all', [trait('', ['ES'])]))).toBe('trait');
    expect(lacks(newGroup('all', [trait('country', [])]))).toBe('value');
    expect(lacks(newGroup('all', [newGroup('any', [event([detail('')])])]))).toBe('detail');
    expect(lacks(event([detail('a'), detail('b')])), 'the second would take the place of the first').toBe('twice');
    expect(lacks(newGroup('all', [trait('country', ['ES']), event([detail('a')])]))).toBeNull();
  });

  it('reads as a sentence in every language', () => {
    const parts = read({ all: [{ trait: 'title.seniority', in: ['director', 'vp'] }, { trait: 'country', is: 'ES' }, { event: 'page_viewed', where: { path: { contains: 'pricing' } }, within: '30d', at_least: 2 }] })!;
    speak('en');
    expect(inWords(parts)).toBe('Seniority is director or vp, Country is Spain, and did: page viewed (path contains pricing) at least 2 times in the last 30 days');
    speak('es');
    expect(inWords(parts)).toBe('Nivel del cargo es director o vp, País es España y ocurrió: página vista (path contiene pricing) al menos 2 veces en un plazo de 30 días');
    speak('ro');
    expect(inWords(parts)).toContain('Țară este Spania');
    expect(inWords(parts)).toContain('de cel puțin 2 ori în ultimele 30 de zile');
    speak('en');
  });
});

describe('what there is to ask for', () => {
  const document = {
    model: 'b2b',
    groups: [
      { group: 'Person', criteria: [{ name: 'Senior', trait: 'title.seniority', in: ['c_level', 'director'], points: 9, unknown: 1 }, { name: 'Size', trait: 'company.employees', bands: [{ points: 1 }] }] },
      { group: 'Behaviour', criteria: [{ name: 'Prices', event: 'page_viewed', where: { path: { starts_with: '/pricing' } }, within: '90d', points: 3, decay: { half_life: '9d' } }] },
    ],
    gates: [{ name: 'Rival', when: { not: { trait: 'email.domain', is: 'rival.example' } }, disqualify: true }],
  };
  const facts = [
    { kind: 'traits', name: '', body: { title: { seniority: 'vp' }, country: 'ES', postcode: '28001' } },
    { kind: 'event', name: 'demo_requested', body: { form: 'quote' } },
  ];

  it('comes from the models and from what became known, without what only gives points', () => {
    const { traits, events, ready } = gather([document, null, 'broken'], facts);
    expect(traits.get('title.seniority')).toEqual(['c_level', 'director', 'vp']);
    expect([...events.keys()]).toEqual(['page_viewed', 'demo_requested']);
    expect(events.get('page_viewed')?.get('path')).toEqual(['/pricing']);
    expect(ready).toEqual([
      { from: 'b2b · Person', name: 'Senior', condition: { trait: 'title.seniority', in: ['c_level', 'director'] } },
      { from: 'b2b · Behaviour', name: 'Prices', condition: { event: 'page_viewed', where: { path: { starts_with: '/pricing' } }, within: '90d' } },
      { from: 'b2b', name: 'Rival', condition: { not: { trait: 'email.domain', is: 'rival.example' } } },
    ]);
  });

  it('offers no values of what is different for everybody', () => {
    const many = Array.from({ length: 100 }, (_, at) => ({ kind: 'traits', name: '', body: { email: `${at}@example.com`, country: 'RO' } }));
    const { traits } = gather([], many);
    expect(traits.get('email')).toEqual([]);
    expect(traits.get('country')).toEqual(['RO']);
  });

  it('keeps a value what it is: text stays text, numbers are numbers', () => {
    expect(valueOf('250', [])).toBe(250);
    expect(valueOf('28001', ['28001', '08001'])).toBe('28001');
    expect(valueOf('28002', ['28001', '08001'])).toBe('28002');
    expect(valueOf('007', [])).toBe('007');
    expect(valueOf('true', [])).toBe(true);
    expect(valueOf('Director', ['director'])).toBe('director');
  });

  it('knows a trait by its name and a country by what people call it', () => {
    speak('es');
    expect(traitPath('país')).toBe('country');
    expect(traitPath('answers.budget')).toBe('answers.budget');
    expect(meant('rumania', 'country')).toBe('RO');
    expect(meant('Romania', 'country')).toBe('RO');
    expect(meant('ES', 'company.country')).toBe('ES');
    expect(meant('Spain', 'city')).toBe('Spain');
    expect(span('30d')).toEqual({ amount: 30, unit: 'd' });
    expect(span('1.5h')).toBeNull();
    speak('en');
  });
});

inBrowser('segments', (open) => {
  async function at(query: string, prepare: (setup: Setup) => void = () => {}, wishes: Parameters<typeof open>[0] = {}) {
    const visit = await open(wishes);
    const setup = new Setup();
    prepare(setup);
    visit.mock.use(...setup.routes());
    await visit.page.goto(`/settings/segments${query}`);
    await visit.page.getByRole('heading', { level: 1 }).waitFor();
    return { ...visit, setup };
  }

  it('are put together without a word of any language for programs', async () => {
    const { page, setup } = await at('');
    await page.getByRole('button', { name: 'New segment' }).click();
    await page.getByLabel('Name').fill('Directors in Spain who look at prices');
    const save = page.getByRole('button', { name: 'Save' });
    expect(await save.isDisabled()).toBe(true);
    await page.getByText('Choose what is known.').waitFor();
    await page.getByLabel('What is known').fill('Seniority');
    await page.getByLabel('Values').fill('director');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Who they are' }).click();
    await page.getByLabel('What is known').nth(1).fill('Country');
    await page.getByLabel('Values').nth(1).fill('Spain,');
    await page.getByRole('button', { name: 'Take out Spain' }).waitFor();
    await page.getByRole('button', { name: 'What they did' }).click();
    await page.getByLabel('What happened').fill('page viewed');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: '+ Detail' }).click();
    await page.getByLabel('Detail, such as path').fill('path');
    await page.getByLabel('Value', { exact: true }).fill('pricing');
    await page.getByLabel('How often, at least').fill('2');
    await page.getByText('3 leads now').waitFor();
    await page.getByText('Seniority is director, Country is Spain, and did: page viewed (path contains pricing) at least 2 times in the last 30 days').waitFor();
    expect(await violations(page)).toEqual([]);
    await save.click();
    await page.getByRole('row', { name: /Directors in Spain/ }).waitFor();
    expect(setup.segments[0]?.condition).toEqual({
      all: [
        { trait: 'title.seniority', is: 'director' },
        { trait: 'country', is: 'ES' },
        { event: 'page_viewed', where: { path: { contains: 'pricing' } }, within: '30d', at_least: 2 },
      ],
    });
  });

  it('ask where a model puts leads, with the brackets and stages that it has', async () => {
    const { page, setup } = await at('?new=1');
    await page.getByRole('textbox', { name: 'Name' }).fill('Nearly there');
    await page.getByRole('button', { name: 'Score, bracket or stage' }).click();
    await page.getByRole('button', { name: 'Remove this part' }).first().click();
    await page.getByText('Say the value.').waitFor();
    await page.getByLabel('bracket', { exact: true }).fill('hot,warm,');
    await page.getByRole('button', { name: 'Score, bracket or stage' }).click();
    await page.getByLabel('Where a model puts them').nth(1).selectOption('stage');
    await page.getByLabel('How it is compared').nth(1).selectOption('not_in');
    await page.getByLabel('stage', { exact: true }).fill('none,');
    await page.getByRole('button', { name: 'Score, bracket or stage' }).click();
    await page.getByLabel('Where a model puts them').nth(2).selectOption('score');
    await page.getByLabel('Under which model').nth(2).selectOption('online-shop');
    await page.getByLabel('From', { exact: true }).fill('40');
    await page.getByText('bracket is hot or warm, stage is not none, and score (online-shop) is at least 40').waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('row', { name: /Nearly there/ }).waitFor();
    expect(setup.segments[0]?.condition).toEqual({
      all: [{ bracket: ['hot', 'warm'] }, { not: { stage: null } }, { score: { at_least: 40 }, model: 'online-shop' }],
    });
  });

  it('offer every trait and property that there is', async () => {
    const { page } = await at('?new=1');
    await page.getByLabel('What is known').waitFor();
    await page.locator('datalist option[value="company.industry"], datalist option[value="Industry"]').first().waitFor({ state: 'attached' });
    await page.getByRole('button', { name: 'What they did' }).click();
    await page.getByLabel('What happened').fill('page viewed,');
    await page.getByRole('button', { name: '+ Detail' }).click();
    await page.locator('datalist option[value="seconds"]').waitFor({ state: 'attached' });
  });

  it('take conditions from a model, and offer the events and values that there are', async () => {
    const { page, mock } = await at('?new=1');
    mock.use(
      route('GET', '/models/:name/versions/:version', () => ({
        document: 'model: b2b-software\ngroups: [{group: Behaviour, criteria: [{name: Looks at prices, event: page_viewed, where: {path: {starts_with: /pricing}}, points: 5}]}]',
      })),
      route('GET', '/events', ({ query }) => ({ events: query.get('kind') === 'traits' ? [{ kind: 'traits', name: '', body: { country: 'RO' } }] : [], next: null })),
    );
    await page.reload();
    await page.getByRole('combobox', { name: 'From a model…' }).selectOption('Looks at prices');
    expect(await page.getByLabel('Value', { exact: true }).inputValue()).toBe('/pricing');
    await page.getByRole('button', { name: 'Take out page viewed' }).waitFor();
    await page.getByLabel('What is known').fill('Country');
    await page.getByLabel('Values').focus();
    expect(await page.locator('datalist option').evaluateAll((all) => all.map((one) => (one as HTMLOptionElement).value))).toContain('Romania');
    await page.getByLabel('Values').fill('romania');
    await page.keyboard.press('Tab');
    await page.getByRole('button', { name: 'Take out Romania' }).waitFor();
  });

  it('are the same condition as parts and as text, and text that parts cannot say stays text', async () => {
    const { page, setup } = await at('?of=s', (setup) => void setup.segments.push({ id: 's', name: 'Iberia', condition: { trait: 'country', in: ['ES', 'PT'] }, created_at: '', created_by: '', updated_at: 'x' }));
    await page.getByRole('button', { name: 'Take out Portugal' }).click();
    await page.getByRole('radio', { name: 'As text' }).check();
    const text = page.getByRole('textbox', { name: 'Text' });
    expect(await text.inputValue()).toBe('trait: country\nis: ES\n');
    await text.fill('trait: country\nis: ES\nlonger_than: 3\n');
    await page.getByText('only text can say').waitFor();
    await page.getByRole('radio', { name: 'Build it' }).click();
    expect(await text.isVisible(), 'nothing of it is lost').toBe(true);
    await text.fill('trait: [');
    await page.locator('.count .down').waitFor();
    expect(await page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
    await text.fill('event: demo_requested\n');
    await page.getByText('5 leads now').waitFor();
    await page.getByRole('radio', { name: 'Build it' }).check();
    await page.getByRole('button', { name: 'Take out demo requested' }).waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('row', { name: /demo requested/ }).waitFor();
    expect(setup.segments[0]?.condition).toEqual({ event: 'demo_requested' });
  });

  it('filter the list of leads by their link', async () => {
    const { page, mock } = await at('', (setup) => void setup.segments.push({ id: 's', name: 'Iberia', condition: { trait: 'country', is: 'ES' }, created_at: '', created_by: '', updated_at: 'x' }));
    await page.getByRole('link', { name: 'Iberia' }).click();
    await page.getByRole('combobox', { name: 'Segment' }).waitFor();
    expect(await page.getByRole('combobox', { name: 'Segment' }).inputValue()).toBe('s');
    expect(mock.calls.some((call) => /GET \/api\/v1\/leads\?.*segment=s/.test(call))).toBe(true);
    await page.getByRole('button', { name: 'Clear filters' }).click();
    expect(page.url()).not.toContain('segment');
  });

  for (const theme of ['light', 'dark'] as const) {
    it(`are put together on a telephone, ${theme}`, async () => {
      const condition = { any: [{ trait: 'company.employees', between: [10, 200] }, { all: [{ event: 'page_viewed', where: { path: { contains: 'pricing' } } }, { trait: 'created_at', within: '30d' }] }] };
      const { page } = await at('?of=s', (setup) => void setup.segments.push({ id: 's', name: 'Deep', condition, created_at: '', created_by: '', updated_at: 'x' }), { theme, width: 390, height: 844 });
      await page.getByLabel('Up to').waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
      expect(await violations(page)).toEqual([]);
    });
  }
});
