import { expect, it } from 'vitest';
import { inBrowser, violations } from '../browser.ts';
import { Files } from '../mock/imports.ts';

inBrowser('imports', (open) => {
  async function at(path: string, wishes: Parameters<typeof open>[0] = {}, prepare: (files: Files) => void = () => {}) {
    const visit = await open(wishes);
    const files = new Files();
    prepare(files);
    visit.mock.use(...files.routes());
    await visit.page.goto(path);
    await visit.page.getByRole('heading', { level: 1 }).waitFor();
    return { ...visit, files };
  }

  const file = (name: string) => ({ name, mimeType: 'text/csv', buffer: Buffer.from('Correo;Empresa;Alta;Notas\n') });

  it('take a file, ask for what they cannot know, and start with what was said', async () => {
    const { page, files, mock } = await at('/imports');
    expect(await violations(page)).toEqual([]);
    await page.getByLabel('Choose a file').setInputFiles(file('contactos.csv'));
    await page.getByRole('heading', { name: 'contactos.csv' }).waitFor();
    expect(files.uploaded).toEqual([{ name: 'contactos.csv', bytes: 26 }]);
    const start = page.getByRole('button', { name: 'Start the import' });
    await page.getByText('There are times without a time zone').waitFor();
    expect(await start.isDisabled()).toBe(true);
    await page.getByLabel('Time zone of times without one').selectOption('Europe/Bucharest');
    await page.getByText('There are dates that can be read both ways').waitFor();
    await page.getByLabel('Dates such as').selectOption('day_first');
    await page.getByText('the import can start').waitFor();
    await page.getByLabel('What Notas means').selectOption('trait');
    await page.getByLabel('Trait of Notas').fill('answers.notes');
    await page.getByLabel('What Correo means').selectOption('ignore');
    await page.getByText('No column says who it is').waitFor();
    await page.getByLabel('What Correo means').selectOption('email');
    expect(await violations(page)).toEqual([]);
    await start.click();
    await page.getByRole('dialog').getByText('undo the whole import later').waitFor();
    expect(files.mapped).toEqual([]);
    await page.getByRole('dialog').getByRole('button', { name: 'Start the import' }).click();
    await page.getByText('Running').waitFor();
    expect(files.mapped).toEqual([
      {
        columns: { Correo: { as: 'email' }, Empresa: { as: 'trait', path: 'company.name' }, Alta: { as: 'created_at' }, Notas: { as: 'trait', path: 'answers.notes' } },
        others: 'ignore',
        decimal_comma: false,
        zone: 'Europe/Bucharest',
        date_order: 'day_first',
      },
    ]);
    files.go(mock, 'new', { state: 'done', settled: 4, taken: 3, rejected: 1 });
    await page.getByText('Done', { exact: true }).waitFor();
    await page.getByRole('row', { name: /2 Correo: "bad-0" is no address/ }).waitFor();
    expect(await violations(page)).toEqual([]);
    expect(await page.evaluate(() => 'owned' in window)).toBe(false);
  });

  it('take a file that is dropped', async () => {
    const { page, files } = await at('/imports');
    const data = await page.evaluateHandle(() => {
      const carried = new DataTransfer();
      carried.items.add(new File(['a;b\n'], 'dropped.csv'));
      return carried;
    });
    await page.getByRole('group', { name: 'Drop a file here' }).dispatchEvent('drop', { dataTransfer: data });
    await page.getByRole('heading', { name: 'dropped.csv' }).waitFor();
    expect(files.uploaded[0]?.bytes).toBe(4);
  });

  /** A file that no connection swallows at once, dropped on the page; it goes on when it is told to. */
  async function dropLarge({ page, mock }: Pick<Awaited<ReturnType<typeof at>>, 'page' | 'mock'>) {
    let goOn = () => {};
    const held = new Promise<void>((resolve) => (goOn = resolve));
    mock.pace = () => held;
    const data = await page.evaluateHandle(() => {
      const carried = new DataTransfer();
      carried.items.add(new File([new Uint8Array(60_000_000)], 'large.csv'));
      return carried;
    });
    await page.getByRole('group', { name: 'Drop a file here' }).dispatchEvent('drop', { dataTransfer: data });
    return () => {
      mock.pace = null;
      goOn();
    };
  }

  it('say how much of a large file is sent', async () => {
    const visit = await at('/imports');
    const { page, files } = visit;
    const goOn = await dropLarge(visit);
    await page.getByText('Sending large.csv').waitFor();
    await page.getByText(/^\d\d?% of 60 MB$/).waitFor();
    const share = Number(await page.getByRole('progressbar').getAttribute('aria-valuenow'));
    expect(share).toBeLessThan(100);
    expect(await violations(page)).toEqual([]);
    goOn();
    await page.getByRole('heading', { name: 'large.csv' }).waitFor();
    expect(files.uploaded).toEqual([{ name: 'large.csv', bytes: 60_000_000 }]);
  });

  it('end a file on its way when somebody cancels, and take another one', async () => {
    const visit = await at('/imports');
    const { page, files } = visit;
    const goOn = await dropLarge(visit);
    await page.getByText('Sending large.csv').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByLabel('Choose a file').waitFor({ state: 'attached' });
    expect(await page.getByRole('alert').count(), 'what was wished for is no fault').toBe(0);
    goOn();
    await page.getByLabel('Choose a file').setInputFiles(file('contactos.csv'));
    await page.getByRole('heading', { name: 'contactos.csv' }).waitFor();
    expect(files.uploaded).toEqual([{ name: 'contactos.csv', bytes: 26 }]);
  });

  it('say what is wrong with a file that is no table', async () => {
    const { page, files } = await at('/imports');
    await page.getByLabel('Choose a file').setInputFiles(file('setup.exe'));
    await page.getByText('this is no table').waitFor();
    expect(files.imports).toEqual([]);
  });

  it('remember what columns meant, and offer the proposal all the same', async () => {
    const { page } = await at('/imports', {}, (files) => {
      files.remembered = { ...files.preview.mapping, columns: { ...files.preview.mapping.columns, Notas: { as: 'trait', path: 'notes' } }, zone: 'Europe/Madrid', date_order: 'day_first' };
    });
    await page.getByLabel('Choose a file').setInputFiles(file('contactos.csv'));
    await page.getByText('These columns mean what they meant in your last file').waitFor();
    expect(await page.getByLabel('What Notas means').inputValue()).toBe('trait');
    expect(await page.getByRole('button', { name: 'Start the import' }).isDisabled()).toBe(false);
    await page.getByRole('button', { name: 'Use our proposal instead' }).click();
    expect(await page.getByLabel('What Notas means').inputValue()).toBe('ignore');
  });

  it('halt, go on, and are taken back as a whole after one has confirmed it', async () => {
    const { page, files } = await at('/imports/big', {}, (files) => void files.add('big', 'running', { total: 1000, settled: 400, taken: 390, rejected: 10 }));
    await page.getByRole('progressbar').waitFor();
    expect(await page.getByRole('progressbar').getAttribute('aria-valuenow')).toBe('40');
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused').waitFor();
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByText('Running').waitFor();
    await page.getByRole('button', { name: 'Undo the import' }).click();
    const dialog = page.getByRole('dialog', { name: 'Undo big.csv?' });
    await dialog.getByText('390 rows are taken back').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect(files.imports[0]?.state).toBe('running');
    await page.getByRole('button', { name: 'Undo the import' }).click();
    await dialog.getByRole('button', { name: 'Undo the import' }).click();
    await page.getByText('Undone').waitFor();
    expect(await page.getByRole('button', { name: /Undo|Pause|Go on/ }).count()).toBe(0);
  });

  it('show all rows that were refused, page by page', async () => {
    const { page } = await at('/imports/big', {}, (files) => void files.add('big', 'done', { total: 200, settled: 200, taken: 80, rejected: 120 }));
    await page.getByText('120 rows were refused').waitFor();
    await page.getByRole('row', { name: /"bad-99"/ }).waitFor();
    expect(await page.getByRole('row', { name: /"bad-100"/ }).count()).toBe(0);
    await page.getByRole('button', { name: 'Show more' }).click();
    await page.getByRole('row', { name: /"bad-119"/ }).waitFor();
    expect(await page.getByRole('button', { name: 'Show more' }).count()).toBe(0);
  });

  for (const theme of ['light', 'dark'] as const) {
    it(`fit a telephone, ${theme}`, async () => {
      const { page } = await at('/imports', { theme, width: 390, height: 844 }, (files) => void files.add('old', 'done', { taken: 1234, rejected: 2 }));
      await page.getByRole('row', { name: /old.csv Done 1,234/ }).waitFor();
      for (const path of ['/imports', '/imports/old']) {
        await page.goto(path);
        await page.getByText('Done', { exact: true }).waitFor();
        expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
        expect(await violations(page)).toEqual([]);
      }
    });
  }
});
