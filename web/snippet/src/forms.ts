// Forms: what a person sends on purpose, without what is nobody's business.
import { attempt, attributeOf, listen, mark, safe } from './browser';
import { type Properties, pageNow } from './messages';
import { asksForSecret, holdsSecret, holdsSecretDigits } from './sensitive';
import { ON_PURPOSE, VISIT, decided, identify, track } from './visitor';

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

const NEVER_READ = /password|hidden|file|submit|button|image|reset/;
const NEVER_FILLED_UNSEEN = /checkbox|radio|select/;
const IGNORED = '[data-madura-ignore]';
const VALUE_LENGTH = 500;

/** Fields that have been passwords, whatever they are now, and their names: frameworks replace fields. */
const secretFields = new WeakSet<Element>();
const secretNames = new Set<string>();
/** Fields that the person has been in. */
const visited = new WeakSet<Element>();

export function followForms(): void {
  listen('focusin', ({ target }) => {
    const field = target as Field;
    if (field.type === 'password') noteSecret(field);
    visited.add(field);
  });
  listen('submit', ({ target }) => report(target as HTMLFormElement));
  // "Show the password" makes a field of another type out of it.
  new MutationObserver(
    safe(changes => {
      for (const { target, oldValue } of changes) if (oldValue === 'password') noteSecret(target as Field);
    }),
  ).observe(document, { attributeFilter: ['type'], attributeOldValue: true, subtree: true });
}

function report(form: HTMLFormElement): void {
  if (form.closest(IGNORED)) return;
  const all = [...form.querySelectorAll<Field>('input:enabled,select:enabled,textarea:enabled')];
  // By attribute: a field called `id` hides the form's own property of that name.
  const name = mark(form, 'form') || attributeOf(form, 'name') || attributeOf(form, 'id');
  const identifies = form.matches('[data-madura-form],[data-madura-identify]');
  const fields: Properties = Object.create(null);
  const traits: Properties = Object.create(null);
  const decisions: (() => void)[] = [];

  for (const field of readable(all)) {
    const purpose = mark(field, 'consent');
    if (purpose) {
      const { checked, defaultChecked } = field as HTMLInputElement;
      // A box that came ticked is no consent: only what the person changes is a decision.
      if (checked !== defaultChecked) decisions.push(() => decided({ [purpose]: checked }, mark(field, 'consent-text'), name));
      continue;
    }
    const value = valueOf(field);
    if (value === undefined) continue;
    put(fields, nameOf(field), value);
    const question = mark(field, 'answer');
    if (question) put(traits, 'answers.' + question, value);
    const trait = identifies && traitOf(field, value);
    if (trait && !(trait === 'email' && traits.email)) put(traits, trait, value);
  }

  // Who it is comes first, so that all that follows is theirs.
  identify(traits);
  decisions.forEach(decide => decide());
  const { path } = pageNow();
  track('form_submitted', { form: name, path, fields }, VISIT + ON_PURPOSE);
  const event = mark(form, 'track');
  if (event) track(event, { form: name, path }, VISIT + ON_PURPOSE);
}

/** The fields whose values may be sent. */
function readable(all: Field[]): Field[] {
  const secrets = all.filter(isSecret).map(field => field.value).filter(value => value.length > 3);
  const chosen = all.filter(
    field =>
      !NEVER_READ.test(field.type) &&
      nameOf(field) &&
      !field.closest(IGNORED) &&
      !isSecret(field) &&
      !secrets.some(secret => field.value.includes(secret)) &&
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
    field.type === 'password' ||
    secretFields.has(field) ||
    secretNames.has(nameOf(field)) ||
    // A long label is a text about something: "never tell us your password".
    asksForSecret([...names, label.length < 60 ? label : ''].join(' ; '))
  );
}

function noteSecret(field: Field): void {
  secretFields.add(field);
  if (nameOf(field)) secretNames.add(nameOf(field));
}

/** Browsers fill in addresses and cards where the person cannot see it. */
function isSeen(field: Field): boolean {
  const { width, right, bottom } = field.getBoundingClientRect();
  const options = { checkOpacity: true, checkVisibilityCSS: true };
  return (
    width > 1 && right + scrollX > 0 && bottom + scrollY > 0 &&
    (!field.checkVisibility || field.checkVisibility(options))
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

function traitOf(field: Field, value: unknown): string | null {
  const isAddress = /.@./.test(`${value}`) && (field.type === 'email' || /mail|correo/i.test(nameOf(field)));
  return mark(field, 'trait') || (isAddress ? 'email' : null);
}

function nameOf(field: Field): string {
  return field.name || field.id;
}

/** Puts a value where the dotted path leads; what has the same name becomes a list. */
function put(target: Properties, path: string, value: unknown): void {
  const [name, ...rest] = path.split('.');
  const old = target[name];
  // Without a prototype, a field called `__proto__` is a field.
  if (rest.length) put((target[name] = Object(old || Object.create(null))), rest.join('.'), value);
  else target[name] = old === undefined ? value : ([] as unknown[]).concat(old, value);
}
