// Forms: what a person sends on purpose, without what is nobody's business.
import { attempt, attributeOf, listen, mark, safe } from './browser';
import type { Properties } from './messages';
import { settings } from './settings';
import { asksForSecret, holdsSecret, holdsSecretDigits } from './sensitive';
import { ON_PURPOSE, VISIT, decided, track } from './visitor';

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

const NEVER_READ = /hidden|file|submit|button|image|reset/;
const NEVER_FILLED_UNSEEN = /box|radio|select/;
const IGNORED = '[data-madura-ignore]';
const VALUE_LENGTH = 500;

/** The names of fields that have been passwords, whatever they are now: frameworks replace fields. */
const secretNames = new Set<string>();
/** Fields that the person has been in. */
const visited = new WeakSet<Element>();

export function followForms(): void {
  listen('focusin', ({ target }) => {
    const field = target as Field;
    if (isPassword(field)) noteSecret(field);
    visited.add(field);
  });
  listen('submit', event => {
    const form = event.target as HTMLFormElement;
    // The page checks it by itself (`novalidate`) and something is wrong with it: let the page judge first.
    if (form.matches(':invalid')) setTimeout(safe(() => event.defaultPrevented || report(form)));
    else report(form);
  });
  // "Show the password" makes a field of another type out of it.
  new MutationObserver(
    safe(changes => changes.forEach(({ target, oldValue }) => oldValue === 'password' && noteSecret(target as Field))),
  ).observe(document, { attributeFilter: ['type'], attributeOldValue: true, subtree: true });
}

function report(form: HTMLFormElement): void {
  const all = [...form.querySelectorAll<Field>(':is(input,select,textarea):enabled')];
  const chosen = readable(all);
  const isMarked = (mark(form, 'form') ?? mark(form, 'identify')) !== null;
  if (form.closest(IGNORED) || (!isMarked && (settings.forms || isNobodys(all, chosen)))) return;
  // By attribute: a field called `id` hides the form's own property of that name.
  const name = mark(form, 'form') || attributeOf(form, 'name') || attributeOf(form, 'id');
  // Without a prototype, a field called `__proto__` is a field.
  const fields: Properties = { __proto__: null };
  const traits: Properties = {};

  for (const field of chosen) {
    const purpose = mark(field, 'consent');
    if (purpose) {
      const { checked, defaultChecked } = field as HTMLInputElement;
      // A box that came ticked is no consent: only what the person changes is a decision.
      if (checked !== defaultChecked) decided({ [purpose]: checked }, mark(field, 'consent-text'), name);
      continue;
    }
    const value = valueOf(field);
    if (value === undefined) continue;
    const key = nameOf(field);
    const before = fields[key];
    // What has the same name becomes a list.
    fields[key] = before === undefined ? value : ([] as unknown[]).concat(before, value);
    const trait = mark(field, 'trait');
    if (trait) traits[trait] = value;
    const question = mark(field, 'answer');
    if (question) traits['answers.' + question] = value;
  }

  // Who it is, the server knows by the names of the fields.
  track('form_submitted', { form: name, fields, traits }, VISIT + ON_PURPOSE);
  const event = mark(form, 'track');
  if (event) track(event, { form: name }, VISIT + ON_PURPOSE);
}

/** A search, or a log-in: a password and hardly anything else to write. */
function isNobodys(all: Field[], chosen: Field[]): boolean {
  return (
    all.some(field => /^search| (q|s)$/.test(`${field.type} ${nameOf(field)}`)) ||
    (all.some(isPassword) && chosen.filter(field => !NEVER_FILLED_UNSEEN.test(field.type)).length < 2)
  );
}

/** The fields whose values may be sent. */
function readable(all: Field[]): Field[] {
  const secrets = all.filter(field => isSecret(field) && field.value.length > 3);
  const chosen = all.filter(
    field =>
      !NEVER_READ.test(field.type) &&
      nameOf(field) &&
      !field.closest(IGNORED) &&
      !isSecret(field) &&
      !secrets.some(secret => field.value.includes(secret.value)) &&
      !holdsSecret(field.value) &&
      (NEVER_FILLED_UNSEEN.test(field.type) || visited.has(field) || isSeen(field)),
  );
  // A card number may be spread over several fields.
  const numbers = chosen.filter(field => /^\s*\d{1,7}\s*$/.test(field.value));
  const isSpread = holdsSecretDigits(numbers.map(field => field.value.trim()));
  return isSpread ? chosen.filter(field => !numbers.includes(field)) : chosen;
}

function isSecret(field: Field): boolean {
  const label = attempt(() => field.labels![0].textContent!.trim(), '');
  const names = ['name', 'id', 'autocomplete', 'placeholder', 'aria-label'].map(name => attributeOf(field, name));
  return (
    isPassword(field) ||
    // A long label is a text about something: "never tell us your password".
    asksForSecret([...names, label.length < 60 ? label : ''].join(';'))
  );
}

/** Whether it is one, or has been. */
function isPassword(field: Field): boolean {
  return field.type === 'password' || secretNames.has(nameOf(field));
}

function noteSecret(field: Field): void {
  secretNames.add(nameOf(field) || 'password');
}

/** Browsers fill in addresses and cards where the person cannot see it. */
function isSeen(field: Field): boolean {
  const { width, right, bottom } = field.getBoundingClientRect();
  const options = { checkOpacity: true, checkVisibilityCSS: true };
  return (
    width > 1 && right + scrollX > 0 && bottom + scrollY > 0 &&
    (field.checkVisibility?.(options) ?? true)
  );
}

/** What the person chose or wrote; `undefined` where they did neither. */
function valueOf(field: Field): unknown {
  const { type, checked } = field as HTMLInputElement;
  const isBox = type === 'checkbox';
  if (isBox && !field.hasAttribute('value')) return checked;
  if ((isBox || type === 'radio') && !checked) return undefined;
  return field.value.slice(0, VALUE_LENGTH) || undefined;
}

function nameOf(field: Field): string {
  return field.name || field.id;
}
