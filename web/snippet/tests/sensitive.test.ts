import { expect, test } from 'vitest';
import { asksForSecret, holdsSecret, holdsSecretDigits } from '../src/sensitive';
// The server's tests read the same list.
import names from './secret-names.json';

test('a card number is found wherever it stands', () => {
  for (const text of [
    '4111111111111111',
    '4111 1111 1111 1111',
    '4111-1111-1111-1111',
    'my card is 5500 0000 0000 0004, thanks',
    '378282246310005',
    'order 12 and 6011.1111.1111.1117',
    // Full-width digits.
    '\uff14\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11',
  ]) {
    expect(holdsSecret(text), text).toBe(true);
  }
  expect(holdsSecretDigits(['4111', '1111', '1111', '1111'])).toBe(true);
});

test('identity and account numbers are found', () => {
  for (const text of [
    'ES91 2100 0418 4502 0005 1332',
    'RO49AAAA1B31007593840000',
    '12345678Z',
    'X1234567L',
    '12.345.678-Z',
    '1960528221239',
    '078-05-1120',
    'AB 12 34 56 C',
  ]) {
    expect(holdsSecret(text), text).toBe(true);
  }
});

test('telephones, dates, amounts and texts are no secrets', () => {
  for (const text of [
    '+34 600 000 000',
    '0040 721 234 567',
    '+40 721 234 567',
    '2026-03-01 10:00',
    '28013',
    '1.250.000',
    'We are 250 people in 12 offices and start on 01.04.2026.',
    'ESB12345678',
    'ana.pop@example.com',
    '4111 1111 1111 1112',
  ]) {
    expect(holdsSecret(text), text).toBe(false);
  }
});

test('a field is known by its names, in the words of three languages', () => {
  for (const name of names.secret) {
    // Alone, and among the other names that a field has.
    for (const all of [name, `${name};;Your data`, `;field_7;${name}`]) expect(asksForSecret(all), all).toBe(true);
  }
});

test('harmless names are not mistaken for secrets', () => {
  for (const name of names.harmless) {
    for (const all of [name, `${name};;Your data`, `;field_7;${name}`]) expect(asksForSecret(all), all).toBe(false);
  }
});
