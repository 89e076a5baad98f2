import { expect, it } from 'vitest';
import { inBrowser } from './browser.ts';

inBrowser('coming in', (open) => {
  it('lets in whoever has the one-time link, and speaks the language that was chosen', async () => {
    const { mock, page } = await open();
    mock.isSetUp = mock.isLoggedIn = false;
    await page.goto('/setup#token=once');
    await page.getByLabel('Language').selectOption('es');
    await page.getByLabel('Su nombre').fill('Ana Ionescu');
    await page.getByLabel('Correo').fill('ana@example.com');
    await page.getByLabel('Contraseña').fill('una frase bastante larga');
    await page.getByRole('button', { name: 'Empezar' }).click();
    await page.getByRole('navigation').waitFor();
    expect(new URL(page.url()).pathname).toBe('/');
    expect(mock.user).toMatchObject({ name: 'Ana Ionescu', language: 'es' });
  });

  it('says at its place that a password is refused', async () => {
    const { mock, page } = await open();
    mock.isSetUp = mock.isLoggedIn = false;
    await page.goto('/setup#token=once');
    await page.getByLabel('Your name').fill('Ana');
    await page.getByLabel('E-mail').fill('ana@example.com');
    await page.getByLabel('Password').fill('short one');
    await page.locator('form').evaluate((form: HTMLFormElement) => (form.noValidate = true));
    await page.getByRole('button', { name: 'Begin' }).click();
    await page.getByText('a password has at least 12 characters').waitFor();
    expect(await page.getByLabel('Password').getAttribute('aria-invalid')).toBe('true');
    expect(mock.isSetUp).toBe(false);
  });

  it('comes back after the login to where one wanted to go', async () => {
    const { mock, page } = await open();
    mock.isLoggedIn = false;
    await page.goto('/companies?order=best');
    await page.getByLabel('E-mail').waitFor();
    expect(mock.calls).toEqual(['GET /api/v1/me', 'GET /api/v1/setup']);
    await page.getByLabel('E-mail').fill('ana@example.com');
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('the address or the password is wrong').waitFor();
    await page.getByLabel('Password').fill('right');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('navigation').waitFor();
    expect(page.url()).toBe(`${mock.origin}/companies?order=best`);
  });

  it('leads nowhere but to the login after logging out', async () => {
    const { mock, page } = await open();
    await page.goto('/');
    await page.getByRole('button', { name: 'Ana Ionescu' }).click();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel('Password').waitFor();
    expect(mock.isLoggedIn).toBe(false);
    await page.goBack();
    await page.getByLabel('Password').waitFor();
  });
});
