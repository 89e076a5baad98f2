/** Data of all kinds as short texts. */

/** A value as people would write it; long ones are cut. */
export function tell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'object') return flat(value).map(([path, inner]) => `${path}: ${inner}`).join(' · ');
  const text = String(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** All values within something, by dotted path. */
export function flat(value: unknown, path = ''): [string, string][] {
  if (value === null || value === undefined || value === '') return [];
  if (Array.isArray(value)) return [[path, value.map(tell).join(', ')]];
  if (typeof value !== 'object') return [[path, tell(value)]];
  return Object.entries(value).flatMap(([key, inner]) => flat(inner, path ? `${path}.${key}` : key));
}

/** A name that programs gave, such as `page_viewed`, with spaces. */
export function spaced(name: string): string {
  return name.replaceAll('_', ' ');
}
