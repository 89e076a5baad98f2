import { expect, it } from 'vitest';
import { inBrowser, violations, type Visit, type Wishes } from '../browser.ts';
import { Bench, DOCUMENT } from '../mock/bench.ts';
import { route } from '../mock/route.ts';

type Open = (wishes?: Wishes) => Promise<Visit>;

async function atTheBench(open: Open, wishes?: Wishes) {
  const visit = await open(wishes);
  const bench = new Bench();
  visit.mock.use(...bench.routes());
  await visit.page.goto('/models/b2b-software');
  await visit.page.getByText(/Against version 1/).waitFor({ state: 'attached' });
  return { ...visit, bench, text: () => visit.page.getByLabel('Document').locator('textarea').inputValue() };
}

inBrowser('models', (open) => {
  it('are listed with their versions, their states and the one that is shown first', async () => {
    const { mock, page } = await open();
    const bench = new Bench();
    bench.versions.push({ ...bench.versions[0]!, version: 2, state: 'draft' });
    mock.use(...bench.routes());
    await page.goto('/models');
    const first = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'b2b-software' }) });
    await first.getByText('Shown first').waitFor();
    await first.getByText('Draft').waitFor();
    await first.getByText('Active').waitFor();
    expect(await violations(page)).toEqual([]);
  });

  it('drag a weight: the number in the text changes, and everybody is ranked anew', async () => {
    const { page, bench, text } = await atTheBench(open);
    await page.getByText('Nobody’s score changes').waitFor();
    const slider = page.getByRole('slider', { name: 'Pricing page' });
    await slider.focus();
    for (let step = 0; step < 4; step += 1) await slider.press('ArrowRight');
    expect(await text(), 'the comment beside it stays').toBe(DOCUMENT.replace('points:   6   # agreed', 'points:   10   # agreed'));
    const movers = page.getByRole('region', { name: 'Who moves most' });
    await movers.getByText('Pricing page +4').first().waitFor();
    await page.getByRole('region', { name: 'Effect' }).getByText(/leads move/).waitFor();
    expect(bench.tried.at(-1)).toBe(await text());
    const link = movers.getByRole('link').first();
    expect(await link.getAttribute('href')).toMatch(/^\/leads\//);
    expect(await link.innerText(), 'who it is comes with the answer').toMatch(/^Lead .+ · Acme Coffee$/s);
    await page.getByRole('button', { name: 'Put Pricing page back to 6' }).click();
    expect(await text()).toBe(DOCUMENT);
    await page.getByText('Nobody’s score changes').waitFor();
  });

  it('show in the text which lines a weight stands in', async () => {
    const { page } = await atTheBench(open);
    await page.getByRole('slider', { name: 'Gone quiet, below 1' }).focus();
    const marked = page.locator('.marked');
    await marked.first().waitFor();
    expect(await marked.allInnerTexts()).toEqual(expect.arrayContaining([expect.stringContaining('name: Gone quiet')]));
  });

  it('take what is typed, say at its line what is wrong, and how to mend it', async () => {
    const { page, bench, text } = await atTheBench(open);
    const area = page.getByLabel('Document').locator('textarea');
    await area.fill(DOCUMENT.replace('trait: company', 'trate: company'));
    const finding = page.getByRole('button', { name: /Line 11:9.*`trate` is not a key of a criterion.*known are/ });
    await finding.waitFor();
    expect(await page.locator('.line.wrong').innerText()).toContain('trate: company.employees');
    expect(await area.getAttribute('aria-invalid')).toBe('true');
    expect(await page.getByRole('button', { name: 'Save draft' }).isDisabled()).toBe(true);
    expect(await page.getByRole('button', { name: 'Activate…' }).isDisabled()).toBe(true);
    await finding.click();
    const at = await area.evaluate((element: HTMLTextAreaElement) => element.value.slice(0, element.selectionStart).split('\n').length);
    expect(at).toBe(11);
    await area.press('Control+z');
    expect(await text()).toBe(DOCUMENT);
    await page.getByText('Nothing is wrong with the document.').waitFor();
    expect(bench.tried.every((one) => !one.includes('trate')), 'what is no model is not tried').toBe(true);
  });

  it('activate a change only after it was shown, and never another one', async () => {
    const { page, bench } = await atTheBench(open);
    await page.getByRole('spinbutton', { name: 'Points of Pricing page', exact: true }).fill('12');
    await page.getByRole('spinbutton', { name: 'Points of Pricing page', exact: true }).press('Enter');
    await page.getByRole('button', { name: 'Activate…' }).click();
    await page.getByLabel('What has changed (optional)').fill('Prices matter more');
    await page.getByRole('button', { name: 'Save and go on' }).click();
    const dialog = page.getByRole('dialog', { name: 'Activate version 2?' });
    await dialog.getByText(/counts instead of version 1/).waitFor();
    await dialog.getByText('points: 12 # agreed', { exact: false }).waitFor();
    expect(bench.versions.at(-1)).toMatchObject({ version: 2, state: 'draft', note: 'Prices matter more' });
    expect(await violations(page)).toEqual([]);
    // Somebody else activates another version meanwhile.
    bench.versions.push({ ...bench.versions[0]!, version: 3 });
    bench.set(3, 'active');
    await dialog.getByRole('button', { name: 'Activate version 2' }).click();
    await dialog.getByText('this is not the change that was shown').waitFor();
    expect(bench.active?.version).toBe(3);
    await dialog.getByText(/counts instead of version 3/).waitFor();
    await dialog.getByRole('button', { name: 'Activate version 2' }).click();
    await page.getByText('Version 2 counts from now on.').waitFor();
    expect(bench.active?.version).toBe(2);
  });

  it('roll back to the version before, after saying what that does', async () => {
    const { page, bench } = await atTheBench(open);
    bench.versions.push({ ...bench.versions[0]!, version: 2 });
    bench.set(2, 'active');
    await page.reload();
    await page.getByRole('button', { name: 'Versions' }).click();
    await page.getByRole('button', { name: 'Roll back' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Version 1 counts again instead of version 2').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect(bench.active?.version).toBe(2);
    await page.getByRole('button', { name: 'Roll back' }).click();
    await dialog.getByRole('button', { name: 'Roll back' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(bench.active?.version).toBe(1);
  });

  it('do not overwrite a version that somebody else wrote in between', async () => {
    const { page, bench } = await atTheBench(open);
    await page.getByRole('spinbutton', { name: 'Points of Pricing page', exact: true }).fill('9');
    await page.getByRole('spinbutton', { name: 'Points of Pricing page', exact: true }).press('Enter');
    bench.versions.push({ ...bench.versions[0]!, version: 2, state: 'draft' });
    await page.getByRole('button', { name: 'Save draft' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Save draft' }).click();
    await page.getByText('version 2 was written in between').waitFor();
    expect(bench.versions.length).toBe(2);
  });

  it('lose no work when one looks at a lead and comes back', async () => {
    const { page, text } = await atTheBench(open);
    await page.getByRole('spinbutton', { name: 'Points of Pricing page', exact: true }).fill('9');
    await page.getByRole('spinbutton', { name: 'Points of Pricing page', exact: true }).press('Enter');
    const changed = await text();
    await page.getByRole('navigation').getByRole('link', { name: 'Models' }).click();
    await page.getByRole('link', { name: 'b2b-software' }).click();
    await page.getByText('Not saved').waitFor();
    expect(await text()).toBe(changed);
  });

  it('begin anew from a starter under a name of one’s own', async () => {
    const { page, bench } = await atTheBench(open);
    await page.goto('/models');
    await page.getByRole('button', { name: 'New model' }).click();
    await page.getByLabel('Name of the model').fill('b2b-software');
    await page.getByText('There is a model of this name already.').waitFor();
    await page.getByLabel('Name of the model').fill('my-own');
    await page.getByRole('button', { name: 'Begin' }).click();
    await page.getByText('Never saved').waitFor();
    expect(await page.getByLabel('Document').locator('textarea').inputValue()).toContain('model: my-own');
    await page.getByRole('button', { name: 'Save draft' }).click();
    await page.getByRole('dialog').getByText('This becomes version 1 of my-own').waitFor();
    expect(bench.versions.length).toBe(1);
  });

  it('test themselves on the past', async () => {
    const { page } = await atTheBench(open);
    await page.getByRole('button', { name: 'Back-test' }).click();
    await page.getByRole('button', { name: 'Test on the past' }).click();
    await page.getByRole('row', { name: /hot 30 26 86.7%/ }).waitFor();
    await page.getByText('0.957').waitFor();
    await page.getByText('Only 95 of 2000 leads').waitFor();
    expect(await violations(page)).toEqual([]);
  });

  it('can be tried, but not changed, by those who may only read them', async () => {
    const visit = await open();
    const bench = new Bench();
    visit.mock.without.add('models:write');
    visit.mock.use(...bench.routes());
    await visit.page.goto('/models/b2b-software');
    await visit.page.getByRole('slider', { name: 'Pricing page' }).press('ArrowRight');
    await visit.page.getByText('Pricing page +1').first().waitFor();
    expect(await visit.page.getByRole('button', { name: /Save|Activate/ }).count()).toBe(0);
  });

  it('offer names of traits and events that there are while one is typed', async () => {
    const { page, text } = await atTheBench(open);
    const area = page.getByRole('textbox', { name: 'Document' });
    await area.focus();
    await area.evaluate((one: HTMLTextAreaElement) => one.setSelectionRange(one.value.length, one.value.length));
    await page.keyboard.type('\n# {trait: comp');
    const offered = page.getByRole('listbox', { name: 'Names that there are' });
    expect(await offered.getByRole('option').allInnerTexts()).toEqual(['company.employees', 'company.industry']);
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    expect(await text()).toMatch(/# \{trait: company\.industry$/);
    expect(await offered.count()).toBe(0);
    await page.keyboard.type(', event: web');
    await page.getByRole('option', { name: 'webinar_attended' }).click();
    expect(await text()).toMatch(/, event: webinar_attended$/);
    await page.keyboard.type(', event: p');
    await offered.waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Enter');
    expect(await text()).toMatch(/, event: p\n *$/);
  });

  it('run no script that stands in a name, a note or a finding', async () => {
    const { page, mock, bench } = await atTheBench(open);
    const evil = '<img src=x onerror="window.owned=1">';
    bench.versions[0]!.note = evil;
    bench.versions[0]!.document = DOCUMENT.replace('name: Pricing page', `name: '${evil}'`).replaceAll('cold', "'<script>window.owned=1</script>'");
    mock.use(route('GET', '/vocabulary', () => ({ traits: [{ path: evil, kinds: [evil], leads: 1 }], events: [], is_cut: false })));
    mock.use(route('POST', '/models/check', () => ({ is_valid: false, model: null, errors: [{ pointer: '', detail: evil, line: 3, column: 2, remedy: evil }], warnings: [] })));
    await page.reload();
    await page.getByRole('slider', { name: evil }).waitFor();
    await page.getByRole('button', { name: /Line 3/ }).waitFor();
    await page.getByRole('button', { name: 'Versions' }).click();
    await page.getByText(evil).last().waitFor();
    expect(await page.evaluate(() => 'owned' in window)).toBe(false);
  });

  for (const theme of ['light', 'dark'] as const) {
    it(`have nothing that axe-core objects to, ${theme}`, async () => {
      const { page } = await atTheBench(open, { theme });
      await page.getByRole('slider', { name: 'Pricing page' }).press('ArrowRight');
      await page.getByText('Pricing page +1').first().waitFor();
      expect(await violations(page)).toEqual([]);
      await page.getByRole('button', { name: 'Versions' }).click();
      expect(await violations(page)).toEqual([]);
    });
  }

  it('fit a telephone, one part at a time', async () => {
    const { page } = await atTheBench(open, { width: 390, height: 844 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    await page.getByRole('slider', { name: 'Pricing page' }).press('ArrowRight');
    await page.getByRole('button', { name: /lead.* move/ }).click();
    await page.getByText('Who moves most').waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    expect(await violations(page)).toEqual([]);
  });
});
