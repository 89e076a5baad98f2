import { describe, expect, it } from 'vitest';
import { fieldsOf, lacks, sampleOf, slug, useOf, type FormMapping } from '../../src/screens/settings/forms/mapping.ts';
import { inBrowser, violations } from '../browser.ts';
import { Setup } from '../mock/setup.ts';

const HTML = `<form action="/x"><label>E-mail <input type="email" name="correo" required></label>
  <input name='empresa'><select name=presupuesto><option value="name=evil">5</option></select>
  <textarea rows="3" name="mensaje"></textarea><input type=submit name="go" value="Send"><input type="hidden">
  <script>window.owned = 1</script></form>`;

describe('the fields of a form', () => {
  it('are found in the source of a page, without its buttons and its values', () => {
    expect(fieldsOf(sampleOf(HTML))).toEqual(['correo', 'empresa', 'presupuesto', 'mensaje']);
  });

  it('are found in what a form sent, either way', () => {
    expect(fieldsOf(sampleOf('correo=ana%40x.es&empresa=Hotel&empresa=Sol'))).toEqual(['correo', 'empresa']);
    expect(fieldsOf(sampleOf('{"correo": "ana@x.es", "edad": 5}'))).toEqual(['correo', 'edad']);
    expect(fieldsOf(sampleOf('hello'))).toEqual([]);
    expect(fieldsOf(sampleOf('[1]'))).toEqual([]);
    expect(fieldsOf(sampleOf('<p>no form</p>'))).toEqual([]);
  });

  it('keep their name when they become something else that has one', () => {
    const trait = useOf('trait', 'Tamaño (empresa)', undefined);
    expect(trait).toEqual({ as: 'trait', path: 'tamano_empresa' });
    expect(useOf('answer', 'x', { as: 'trait', path: 'company.size' })).toEqual({ as: 'answer', question: 'company.size' });
    expect(useOf('email', 'x', trait)).toEqual({ as: 'email' });
  });

  it('must say who it is, and what was agreed to', () => {
    const mapping = (fields: FormMapping['fields'], form = 'quote'): FormMapping => ({ form, event: 'form_submitted', fields, others: 'keep' });
    const email = { correo: { as: 'email' } } as const;
    expect(lacks(mapping(email, 'two words'))).toBe('name');
    expect(lacks(mapping({}))).toBe('fields');
    expect(lacks(mapping({ a: { as: 'property', path: 'a' } }))).toBe('who');
    expect(lacks(mapping({ ...email, a: { as: 'trait', path: '' } }))).toBe('path');
    expect(lacks(mapping({ ...email, a: { as: 'consent', purpose: 'marketing', text: '' } }))).toBe('consent');
    expect(lacks(mapping(email))).toBeNull();
    expect(slug('Presupuesto Web')).toBe('presupuesto-web');
  });
});

inBrowser('forms', (open) => {
  async function at(path: string, prepare: (setup: Setup) => void = () => {}, wishes: Parameters<typeof open>[0] = {}) {
    const visit = await open(wishes);
    const setup = new Setup();
    prepare(setup);
    visit.mock.use(...setup.routes());
    await visit.page.goto(path);
    await visit.page.getByRole('heading', { level: 1 }).waitFor();
    return { ...visit, setup };
  }

  it('are connected by pasting their source, and get an address with the key of the site', async () => {
    const { page, setup } = await at('/settings/forms', (setup) => void setup.addWriteKey('www.hotel.example'));
    await page.getByRole('button', { name: 'New form' }).click();
    await page.getByLabel('Name of the form').fill('Presupuesto web');
    await page.getByLabel('What the form looks like').fill(HTML);
    await page.getByRole('button', { name: 'Find the fields' }).click();
    expect(await page.getByLabel('What correo is').inputValue()).toBe('email');
    await page.getByLabel('What presupuesto is').selectOption('answer');
    await page.getByLabel('Name of presupuesto in Madura').fill('budget');
    await page.getByRole('button', { name: 'Remove mensaje' }).click();
    await page.getByLabel('What empresa is').selectOption('consent');
    await page.getByText('needs its purpose and the words').waitFor();
    const save = page.getByRole('button', { name: 'Save' });
    expect(await save.isDisabled()).toBe(true);
    await page.getByLabel('Words beside empresa').fill('I want to read news');
    await page.getByText(/\/v1\/forms\/presupuesto-web\?key=wk_w1$/).waitFor();
    expect(await violations(page)).toEqual([]);
    await save.click();
    await page.getByRole('row', { name: /presupuesto-web/ }).waitFor();
    expect(setup.forms[0]?.mapping).toEqual({
      form: 'presupuesto-web',
      event: 'form_submitted',
      fields: {
        correo: { as: 'email' },
        empresa: { as: 'consent', purpose: 'marketing', channel: 'email', text: 'I want to read news' },
        presupuesto: { as: 'answer', question: 'budget' },
      },
      others: 'keep',
    });
    expect(await page.evaluate(() => 'owned' in window)).toBe(false);
  });

  it('never take the place of another one, and keep what this page does not show', async () => {
    const { page, setup } = await at('/settings/forms?new=1', (setup) => {
      setup.forms.push({ name: 'quote', mapping: { form: 'quote', event: 'quote_asked', fields: { correo: { as: 'email' } }, traits: { source: 'web' }, others: 'drop' }, version: 4, updated_at: '2026-11-20T09:00:00Z', updated_by: 'user:u1' });
    });
    await page.getByLabel('Name of the form').fill('quote');
    await page.getByLabel('What the form looks like').fill('correo=a');
    await page.getByLabel('Name of another field').fill('correo');
    await page.keyboard.press('Enter');
    await page.getByLabel('What correo is').selectOption('email');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('There is a form with this name').waitFor();
    expect(setup.forms[0]?.version).toBe(4);
    await page.goto('/settings/forms?of=quote');
    await page.getByRole('radio', { name: 'Keep them' }).check();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('row', { name: /quote_asked/ }).waitFor();
    expect(setup.forms[0]?.mapping).toEqual({ form: 'quote', event: 'quote_asked', fields: { correo: { as: 'email' } }, traits: { source: 'web' }, others: 'keep' });
  });

  it('and what is set for the organisation stands in the menu, beside what others set', async () => {
    const { page, setup } = await at('/settings/general', (setup) => void (setup.general = { other: 1 }));
    await page.getByLabel('Name of the organisation').fill('Hotel Sol');
    await page.getByLabel('Time zone').selectOption('Europe/Bucharest');
    expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('link', { name: 'Madura Hotel Sol' }).waitFor();
    expect(setup.general).toEqual({ other: 1, organisation: 'Hotel Sol', time_zone: 'Europe/Bucharest' });
  });

  it('and what other currencies are worth, with a decimal comma, too', async () => {
    const { page, setup } = await at('/settings/general', (setup) => void (setup.money = { currency: 'EUR', rates: { GBP: '1.15', USD: '0.9' } }));
    await page.getByRole('button', { name: 'Without USD' }).click();
    await page.getByRole('button', { name: 'Add a currency' }).click();
    await page.getByLabel('Other currency').last().fill('ron');
    await page.getByLabel('What one unit is worth, in EUR').last().fill('0,1967');
    expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Save currencies' }).click();
    await expect.poll(() => setup.money).toEqual({ currency: 'EUR', rates: { GBP: '1.15', RON: '0.1967' } });
    await page.getByLabel('Currency of priorities').fill('');
    await page.getByRole('button', { name: 'Save currencies' }).click();
    await expect.poll(() => setup.money).toEqual({});
  });

  it('and how long quiet leads are kept is decided with their number before one’s eyes', async () => {
    const { page, setup } = await at('/settings/general');
    const on = page.getByLabel('Forget them');
    expect(await on.isChecked(), 'nobody is forgotten unless it is asked for').toBe(false);
    await on.check();
    await page.getByText('3 leads would be forgotten now').waitFor();
    await page.getByLabel('Days without any fact').fill('5');
    expect(await page.getByRole('button', { name: 'Save how long' }).isDisabled()).toBe(true);
    await page.getByLabel('Days without any fact').fill('365');
    await page.getByText('12 leads would be forgotten now').waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Save how long' }).click();
    await expect.poll(() => setup.retention).toEqual({ quiet_days: 365 });
    await on.uncheck();
    await page.getByRole('button', { name: 'Save how long' }).click();
    await expect.poll(() => setup.retention).toEqual({ quiet_days: null });
  });
});
