import { expect, it } from 'vitest';
import { inBrowser } from './browser.ts';

inBrowser('a lead', (open) => {
  it('says why the score is what it is, in lines that add up', async () => {
    const { mock, page } = await open();
    const lead = mock.leads[0]!;
    await page.goto(`/leads/${lead.id}`);
    await page.getByRole('img', { name: `Score: ${lead.score}` }).waitFor();
    const gives = await page.locator('section[aria-labelledby=why] tr:not(.group, .total) td.gives').allTextContents();
    const sum = gives.reduce((all, text) => all + Number(text.trim().replace('−', '-')), 0);
    expect(sum).toBeCloseTo(lead.score, 1);
    expect(await page.locator('tr.total').textContent()).toContain(String(lead.score));
  });

  it('shows the events behind a criterion, and which of them do not count', async () => {
    const { mock, page } = await open();
    await page.goto(`/leads/${mock.leads[0]!.id}`);
    await page.getByRole('button', { name: 'Pricing page' }).click();
    const events = page.getByRole('list', { name: 'Events behind “Pricing page”' });
    await events.getByText('not counted: too old').waitFor();
    expect(await events.getByRole('listitem').count()).toBe(3);
  });

  it('says why an event is thought to be a program’s doing, and lets those who may say otherwise', async () => {
    const { mock, page } = await open();
    await page.goto(`/leads/${mock.leads[0]!.id}`);
    const timeline = page.locator('section[aria-labelledby=timeline]');
    await timeline.getByText('mail proxy, 90% sure').waitFor();
    await timeline.getByRole('button', { name: 'A person did it' }).click();
    await timeline.getByText('mail proxy').waitFor({ state: 'detached' });
    expect(mock.calls).toContain('POST /api/v1/events/e2/label');
    await timeline.getByRole('button', { name: 'A program did it' }).first().click();
    await timeline.getByText('said by hand').waitFor();
    expect(mock.calls).toContain('POST /api/v1/events/e1/label');
  });

  it('says what would be worth asking', async () => {
    const { mock, page } = await open();
    await page.goto(`/leads/${mock.leads[0]!.id}`);
    await page.getByRole('heading', { name: 'Worth asking' }).waitFor();
    await page.getByText('Has a budget').first().waitFor();
  });

  it('goes back in time by the slider, by today’s model or that of then, and returns', async () => {
    const { mock, page } = await open();
    const lead = mock.leads.find((one) => one.score > 60)!;
    await page.goto(`/leads/${lead.id}`);
    const slider = page.getByLabel('Score as of');
    await slider.focus();
    for (let times = 0; times < 3; times++) await page.keyboard.press('PageDown');
    await page.getByText(/^as of/).waitFor();
    await expect.poll(async () => Number(await page.locator('tr.total .gives').textContent())).toBeLessThan(lead.score);
    expect(mock.calls.some((call) => call.includes('/explain?at='))).toBe(true);
    expect(mock.calls.some((call) => call.includes('as=recorded'))).toBe(false);
    await page.getByRole('button', { name: 'By the model of that time' }).click();
    await expect.poll(() => mock.calls.some((call) => call.includes('as=recorded'))).toBe(true);
    await page.getByRole('button', { name: 'Back to now' }).click();
    await expect.poll(async () => Number(await page.locator('tr.total .gives').textContent())).toBe(lead.score);
  });

  it('tells at the line what the score was and what changed it, for the pointer', async () => {
    const { mock, page } = await open();
    const lead = mock.leads.find((one) => one.score > 60)!;
    await page.goto(`/leads/${lead.id}`);
    const line = page.getByRole('img', { name: /^The score over time/ });
    const box = (await line.boundingBox())!;
    expect(await page.locator('.tip').count()).toBe(0);
    await page.mouse.move(box.x + box.width - 12, box.y + 60);
    await page.locator('.tip').getByText('page viewed').waitFor();
    expect(await page.locator('.tip .score').textContent()).toBe(String(lead.score));
    await page.mouse.move(box.x + 40, box.y + 60);
    await expect.poll(async () => Number(await page.locator('.tip .score').textContent())).toBeLessThan(lead.score);
    expect(mock.calls.some((call) => call.includes('/explain?at=')), 'looking is not choosing').toBe(false);
    await page.mouse.move(box.x + 40, box.y - 200);
    await page.locator('.tip').waitFor({ state: 'detached' });
  });

  it('tells the same for keys, which go from change to change', async () => {
    const { mock, page } = await open();
    const lead = mock.leads.find((one) => one.score > 60)!;
    await page.goto(`/leads/${lead.id}`);
    const slider = page.getByRole('slider', { name: 'Score as of' });
    await slider.focus();
    await page.keyboard.press('Shift+ArrowLeft');
    await page.locator('.tip').getByText('page viewed').waitFor();
    expect(await slider.getAttribute('aria-valuetext')).toMatch(/: \d+, page viewed$/);
    const latest = Number(await slider.inputValue());
    await page.keyboard.press('Shift+ArrowLeft');
    await expect.poll(async () => Number(await slider.inputValue())).toBeLessThan(latest - 86_400_000);
    await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Shift+ArrowRight');
    await expect.poll(() => slider.getAttribute('aria-valuetext')).toBe('now');
    await slider.blur();
    await page.locator('.tip').waitFor({ state: 'detached' });
  });

  it('follows what happens while one looks', async () => {
    const { mock, page } = await open();
    const lead = mock.leads[0]!;
    await page.goto(`/leads/${lead.id}`);
    await page.locator('tr.total').waitFor();
    await expect.poll(() => mock.watchers).toBeGreaterThan(0);
    mock.change(lead, 93);
    await page.getByRole('img', { name: 'Score: 93' }).waitFor();
  });

  it('is erased only after a confirmation, and then is no more', async () => {
    const { mock, page } = await open();
    const lead = mock.leads[0]!;
    await page.goto(`/leads/${lead.id}`);
    await page.getByRole('button', { name: 'Erase…' }).click();
    const erase = page.getByRole('button', { name: 'Erase for good' });
    expect(await erase.isDisabled()).toBe(true);
    await page.getByLabel('I understand').check();
    await erase.click();
    await page.getByText('Erased: 24 facts removed').waitFor();
    expect(mock.leads).not.toContain(lead);
    await page.goto(`/leads/${lead.id}`);
    await page.getByText('This lead is no more').waitFor();
  });

  it('offers nobody what they may not do', async () => {
    const { mock, page } = await open();
    mock.without.add('leads:erase').add('exports:read').add('imports:write');
    await page.goto(`/leads/${mock.leads[0]!.id}`);
    await page.locator('tr.total').waitFor();
    expect(await page.getByRole('button', { name: 'Erase…' }).count()).toBe(0);
    expect(await page.getByRole('link', { name: 'Export' }).count()).toBe(0);
    expect(await page.getByRole('link', { name: 'Import' }).count()).toBe(0);
  });
});
