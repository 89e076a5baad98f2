/** Numbers and instants as people of the chosen language write them. */
import { language } from './language.svelte.ts';

const kept = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>();

/** Making a formatter costs more than a thousand uses of one. */
function keep<T extends Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>(name: string, make: (spoken: string) => T): T {
  const key = `${language()} ${name}`;
  const known = kept.get(key);
  if (known) return known as T;
  const made = make(language());
  kept.set(key, made);
  return made;
}

export function number(value: number, digits = 0): string {
  return keep(`number ${digits}`, (spoken) => new Intl.NumberFormat(spoken, { maximumFractionDigits: digits })).format(value);
}

/** With its sign, a real minus included: `+12`, `−3.5`. Nothing at all is `0`. */
export function signed(value: number, digits = 1): string {
  const rounded = Number(value.toFixed(digits));
  if (!rounded) return number(0);
  return `${rounded > 0 ? '+' : '−'}${number(Math.abs(rounded), digits)}`;
}

/** A share of 0 to 1. */
export function percent(share: number, digits = 0): string {
  return keep(`percent ${digits}`, (spoken) => new Intl.NumberFormat(spoken, { style: 'percent', maximumFractionDigits: digits })).format(share);
}

type Moment = string | number | Date;

export function day(at: Moment): string {
  return keep('day', (spoken) => new Intl.DateTimeFormat(spoken, { dateStyle: 'medium' })).format(new Date(at));
}

export function dayShort(at: Moment): string {
  return keep('day short', (spoken) => new Intl.DateTimeFormat(spoken, { day: 'numeric', month: 'short' })).format(new Date(at));
}

export function time(at: Moment): string {
  return keep('time', (spoken) => new Intl.DateTimeFormat(spoken, { timeStyle: 'short' })).format(new Date(at));
}

export function dayAndTime(at: Moment): string {
  return keep('both', (spoken) => new Intl.DateTimeFormat(spoken, { dateStyle: 'medium', timeStyle: 'short' })).format(new Date(at));
}

const SPANS = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

/** How long ago, or how soon: `3 days ago`. In columns the short form: `26 min. ago`. */
export function ago(at: Moment, now: number = Date.now(), style: 'long' | 'short' = 'long'): string {
  const seconds = (new Date(at).getTime() - now) / 1000;
  const words = keep(`ago ${style}`, (spoken) => new Intl.RelativeTimeFormat(spoken, { numeric: 'auto', style }));
  for (const [unit, size] of SPANS) {
    if (Math.abs(seconds) >= size) return words.format(Math.trunc(seconds / size), unit);
  }
  return words.format(0, 'second');
}

/** An amount of money in minor units (cents). */
export function money(minor: number, currency: string): string {
  const digits = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
  return keep(`money ${currency}`, (spoken) => new Intl.NumberFormat(spoken, { style: 'currency', currency })).format(minor / 10 ** digits);
}

/** The name of a country by its two letters; the letters where they are no country. */
export function country(code: string): string {
  try {
    return new Intl.DisplayNames(language(), { type: 'region' }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** A size in bytes as people say it: `3.4 MB`. */
export function bytes(size: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, size)) / 3));
  const unit = units[step] ?? 'byte';
  return keep(`bytes ${unit}`, (spoken) => new Intl.NumberFormat(spoken, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 1 })).format(size / 1000 ** step);
}

/** A number in few characters: `1.2K`. */
export function compact(value: number): string {
  if (Math.abs(value) < 10_000) return number(value);
  return keep('compact', (spoken) => new Intl.NumberFormat(spoken, { notation: 'compact', maximumFractionDigits: 1 })).format(value);
}
