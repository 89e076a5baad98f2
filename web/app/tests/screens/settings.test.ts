import { expect, it } from 'vitest';
import { browser } from '../../src/screens/settings/browser.ts';
import { changesOf } from '../../src/screens/settings/changes.ts';
import { inBrowser, violations } from '../browser.ts';
import { entry, Setup } from '../mock/setup.ts';

it('an entry of the trail tells what differs, and nothing of what stayed', () => {
  expect(changesOf({ a: 1, b: { c: [1, 2], d: 'x' } }, { a: 1, b: { c: [1], e: true } })).toEqual([
    { path: 'b.c', before: '1, 2', after: '1' },
    { path: 'b.d', before: 'x', after: '' },
    { path: 'b.e', before: '', after: 'true' },
  ]);
  expect(changesOf(null, 'new')).toEqual([{ path: '', before: '', after: 'new' }]);
  expect(changesOf({ list: [{ a: 1 }] }, null)).toEqual([{ path: 'list.0.a', before: '1', after: '' }]);
  expect(changesOf(null, 'x'.repeat(500))[0]?.after.length).toBeLessThan(200);
});

it('a browser is told by what it says it is', () => {
  expect(browser('Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0')).toBe('Edge, Windows');
  expect(browser('Mozilla/5.0 (Macintosh; Intel Mac OS X 14) Version/18 Safari/605')).toBe('Safari, macOS');
  expect(browser('curl/8.5')).toBeNull();
});

inBrowser('settings', (open) => {
  async function at(part: string, wishes: Parameters<typeof open>[0] = {}, prepare: (setup: Setup) => void = () => {}) {
    const visit = await open(wishes);
    const setup = new Setup();
    prepare(setup);
    visit.mock.use(...setup.routes());
    await visit.page.goto(`/settings/${part}`);
    await visit.page.getByRole('heading', { level: 1 }).waitFor();
    return { ...visit, setup };
  }

  it('give one line for one’s pages, and see the first visitor come in', async () => {
    const { page, setup } = await at('site');
    await page.getByLabel('Name of the site').fill('www.hotel.example');
    await page.getByRole('button', { name: 'Make the line for my pages' }).click();
    await page.getByText('<script async src="https://leads.example.com/m.js" data-key="wk_w1"></script>').waitFor();
    await page.getByText('Waiting for the first visitor').waitFor();
    setup.writeKeys[0]!.last_used_at = new Date().toISOString();
    await page.getByText('Visitors come in.').waitFor();
    await page.getByText('1,234').waitFor();
    expect(await violations(page)).toEqual([]);
  });

  it('copy the line', async () => {
    const { page, context, mock } = await at('site', {}, (setup) => void setup.addWriteKey('www.hotel.example'));
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: mock.origin });
    await page.getByRole('button', { name: 'Copy' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('data-key="wk_w1"');
  });

  it('remove a site only after saying what becomes of its pages', async () => {
    const { page, setup } = await at('site', {}, (setup) => void setup.addWriteKey('www.hotel.example'));
    await page.getByRole('button', { name: 'Remove' }).click();
    const dialog = page.getByRole('dialog', { name: 'Remove www.hotel.example?' });
    await dialog.getByText('report in vain').waitFor();
    await page.keyboard.press('Escape');
    expect(setup.writeKeys.length).toBe(1);
    await page.getByRole('button', { name: 'Remove' }).click();
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await page.getByText('Connect your web site').waitFor();
    expect(setup.writeKeys.length).toBe(0);
  });

  it('show a key once, with the rights that were ticked and no others', async () => {
    const { page, setup, mock } = await at('keys', {}, () => {});
    mock.without.add('leads:erase');
    await page.reload();
    await page.getByRole('button', { name: 'New key' }).click();
    expect(await page.getByLabel(/Erase leads/).count(), 'nobody gives what they do not have').toBe(0);
    await page.getByLabel('What it is for').fill('CRM');
    await page.getByLabel(/Read leads and scores/).check();
    await page.getByRole('button', { name: 'Make key' }).click();
    const shown = page.getByRole('dialog', { name: 'Your new key' });
    await shown.getByText('mk_abcdefgh_topsecret').waitFor();
    expect(setup.sent.at(-1)?.body).toMatchObject({ name: 'CRM', scopes: ['facts:write', 'leads:read'] });
    expect(await violations(page)).toEqual([]);
    await shown.getByRole('button', { name: 'I have it' }).click();
    await shown.waitFor({ state: 'detached' });
    expect(await page.content()).not.toContain('topsecret');
    await page.getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('Revoked').waitFor();
  });

  it('invite somebody by a link that is shown once', async () => {
    const { page, setup } = await at('team');
    await page.getByRole('button', { name: 'Invite' }).click();
    await page.getByLabel('E-mail').fill('ion@example.com');
    await page.getByRole('dialog').getByLabel('Role').selectOption('sales');
    await page.getByRole('dialog').getByLabel('Language').selectOption('ro');
    await page.getByRole('button', { name: 'Make the link' }).click();
    await page.getByText('https://leads.example.com/invitation#token=once').waitFor();
    expect(setup.sent.at(-1)?.body).toEqual({ email: 'ion@example.com', role: 'sales', language: 'ro' });
    await page.getByRole('button', { name: 'I have it' }).click();
    await page.getByRole('row', { name: /ion@example.com Sales/ }).waitFor();
    await page.getByRole('button', { name: 'Withdraw' }).click();
    await page.getByRole('row', { name: /ion@example.com/ }).waitFor({ state: 'detached' });
  });

  it('change what somebody may do after one has confirmed it, and not before', async () => {
    const prepare = (setup: Setup) => void setup.users.push({ id: 'u2', email: 'ion@example.com', name: 'Ion Țăranu', role: 'sales', language: 'ro', disabled_at: null, created_at: '2026-11-01T08:00:00Z', last_login_at: null });
    const { page, setup } = await at('team', {}, prepare);
    await page.getByLabel('Role of Ion Țăranu').selectOption('owner');
    await page.getByRole('dialog').getByText('Their sessions end at once.').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    expect(setup.users[0]?.role).toBe('sales');
    expect(await page.getByLabel('Role of Ion Țăranu').inputValue()).toBe('sales');
    await page.getByLabel('Role of Ion Țăranu').selectOption('owner');
    // Cancelled and asked for again before the browser tells that the dialog was closed.
    await page.evaluate(async () => {
      const cancel = [...document.querySelectorAll<HTMLElement>('dialog[open] button')].find((button) => button.textContent === 'Cancel');
      cancel?.click();
      for (let turn = 0; turn < 50; turn++) await Promise.resolve();
      const role = document.querySelector<HTMLSelectElement>('select[aria-label^="Role of"]');
      if (role) role.value = 'owner';
      role?.dispatchEvent(new Event('change', { bubbles: true }));
    });
    await page.getByRole('dialog').getByRole('button', { name: 'Change role' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(setup.users[0]?.role).toBe('owner');
    await page.getByRole('button', { name: 'Disable' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
    await page.getByText('Off').waitFor();
    expect(await violations(page)).toEqual([]);
  });

  it('make a webhook whose secret is shown once, and tell how a test went', async () => {
    const { page, setup } = await at('webhooks');
    await page.getByRole('button', { name: 'New webhook' }).click();
    const dialog = page.getByRole('dialog', { name: 'New webhook' });
    await dialog.getByLabel('Address').fill('ftp://x');
    await dialog.getByRole('button', { name: 'Make webhook' }).click();
    await dialog.getByText('an address begins with https://').waitFor();
    await dialog.getByLabel('Address').fill('https://crm.example.com/hook');
    await dialog.getByLabel(/A lead enters a stage/).check();
    await dialog.getByRole('button', { name: 'Make webhook' }).click();
    await page.getByText('whsec_once').waitFor();
    expect(setup.sent.at(-1)?.body.event_types).toEqual(['lead.stage_entered']);
    await page.getByRole('button', { name: 'I have it' }).click();
    await page.getByRole('button', { name: 'Send a test' }).click();
    await page.getByText('It answered with another status than 2xx.').waitFor();
    await page.getByText('<b>down</b>').waitFor();
  });

  it('list deliveries by where they stand, and send one again', async () => {
    const { page, setup } = await at('webhooks', {}, (setup) => {
      setup.addWebhook('https://crm.example.com/hook');
      const base = { event_type: 'lead.stage_entered', created_at: '2026-11-25T08:00:00Z', is_under_way: false, attempts: 5, next_at: null, finished_at: null, last_status: 500, last_failure: 'It is busy.' };
      setup.deliveries.push({ ...base, message: 'msg_1', state: 'given_up' }, { ...base, message: 'msg_2', state: 'delivered', last_failure: null });
    });
    await page.getByRole('button', { name: 'Deliveries', exact: true }).click();
    await page.getByRole('combobox', { name: 'Deliveries' }).selectOption('given_up');
    await page.getByRole('row', { name: /Delivered/ }).waitFor({ state: 'detached' });
    await page.getByRole('row', { name: /Given up/ }).getByRole('button', { name: '5' }).click();
    await page.getByText('try later').waitFor();
    await page.getByRole('button', { name: 'Send again', exact: true }).click();
    await page.getByText('1 message is sent again.').waitFor();
    expect(setup.replayed).toEqual([{ message: 'msg_1' }]);
    expect(await violations(page)).toEqual([]);
  });

  it('filter the trail, page through it, and verify it', async () => {
    const { page, setup } = await at('audit', {}, (setup) => {
      for (let seq = 3; seq <= 60; seq += 1) setup.trail.unshift(entry(seq, 'user.logged_in', 'user:u1', null, null));
    });
    await page.getByRole('row', { name: /^60/ }).waitFor();
    expect(await page.getByRole('row', { name: /^5 / }).count()).toBe(0);
    await page.getByRole('button', { name: 'Show more' }).click();
    await page.getByRole('row', { name: /Activated a model/ }).waitFor();
    await page.getByRole('combobox', { name: 'What' }).selectOption('model.activated');
    await page.getByRole('row', { name: /^60/ }).waitFor({ state: 'detached' });
    // What stayed as it was is no change.
    expect(await page.getByRole('row', { name: /^2 / }).getByRole('cell').last().innerText()).toBe('state: draft → active');
    expect(page.url()).toContain('action=model.activated');
    await page.getByRole('button', { name: 'Verify the trail' }).click();
    await page.getByText(`all ${setup.trail.length} entries are as they were written`).waitFor();
    expect(await violations(page)).toEqual([]);
  });

  it('change one’s password only with the present one, and end sessions elsewhere', async () => {
    const { page, setup } = await at('account');
    await page.getByLabel('Present password').fill('wrong');
    await page.getByLabel('New password').fill('a long new password');
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.getByText('the present password is wrong').waitFor();
    await page.getByLabel('Present password').fill('right');
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.getByText('The password is changed').waitFor();
    await page.getByText('Safari, iOS').waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: 'End all others' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'End all others' }).click();
    await page.getByText('Safari, iOS').waitFor({ state: 'detached' });
    expect(setup.sessions.length).toBe(1);
  });

  it('show nobody what they may not change', async () => {
    const { page, mock } = await at('account');
    for (const right of ['keys:write', 'settings:write', 'accounts:write', 'webhooks:write', 'audit:read']) mock.without.add(right);
    await page.goto('/settings/keys');
    await page.getByText('There is nothing here that you may change.').waitFor();
    const links = await page.getByRole('navigation', { name: 'Settings' }).getByRole('link').allInnerTexts();
    expect(links).toEqual(['Segments', 'My account']);
    expect(mock.calls.some((call) => call.includes('/api/v1/keys'))).toBe(false);
  });

  it('run no script that somebody put into a name', async () => {
    const evil = '<img src=x onerror="window.owned=1">';
    const { page } = await at('webhooks', {}, (setup) => {
      setup.addWebhook('https://crm.example.com/hook').description = evil;
      setup.addWriteKey(evil);
      setup.segments.push({ id: 'g', name: evil, condition: { trait: evil }, created_at: '', created_by: '', updated_at: 'x' });
      setup.trail.unshift(entry(3, evil, evil, evil, { evil }));
    });
    for (const part of ['webhooks', 'site', 'segments', 'audit']) {
      await page.goto(`/settings/${part}`);
      await page.getByText(evil).first().waitFor();
    }
    expect(await page.evaluate(() => 'owned' in window)).toBe(false);
  });

  for (const language of ['es', 'ro']) {
    it(`fit a telephone and dark in ${language}, every part`, async () => {
      const { page, mock } = await at('site', { width: 390, height: 844, theme: 'dark' }, (setup) => {
        setup.addWriteKey('www.un-nombre-bastante-largo.example');
        setup.addWebhook('https://crm.example.com/una/direccion/bastante/larga/que/no/cabe');
        setup.keys.push({ id: 'k', prefix: 'mk_abc', name: 'CRM', scopes: ['facts:write', 'leads:read'], created_by: 'u', created_at: '2026-11-01T08:00:00Z', expires_at: null, last_used_at: null, revoked_at: null });
      });
      mock.user.language = language;
      for (const part of ['site', 'forms', 'keys', 'team', 'webhooks', 'segments', 'general', 'audit', 'account']) {
        await page.goto(`/settings/${part}`);
        await page.getByRole('heading', { level: 1 }).waitFor();
        expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), part).toBeLessThanOrEqual(0);
        expect(await violations(page), part).toEqual([]);
      }
    });
  }
});
