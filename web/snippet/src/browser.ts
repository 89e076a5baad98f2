// Ways of dealing with a browser and a page that may both be hostile.

/** What a function returns, or the alternative, which may be nothing, where it throws. */
export function attempt<T>(act: () => T, otherwise: T): T;
export function attempt<T>(act: () => T): T | undefined;
export function attempt(act: () => unknown, otherwise?: unknown): unknown {
  try {
    return act();
  } catch {
    return otherwise;
  }
}

/** Makes a function that never throws into the page: a visitor lost is better than a page that does not work. */
export function safe<P extends unknown[]>(act: (...parameters: P) => void): (...parameters: P) => void {
  return (...parameters) => attempt(() => act(...parameters));
}

/** Listens at the very top, before the page's own listeners can stop an event. */
export function listen<E = Event>(name: string, act: (event: E) => void): void {
  addEventListener(name, safe(act) as (event: unknown) => void, true);
}

/** An attribute, also of a form with a field called `getAttribute`. */
export function attributeOf(element: Element, name: string): string | null {
  return Element.prototype.getAttribute.call(element, name);
}

/** What the site says about an element for us, in `data-madura-...`. */
export function mark(element: Element, name: string): string | null {
  return attributeOf(element, 'data-madura-' + name);
}

/** 128 random bits, as four numbers. */
export function randomId(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join('-');
}

let warned: boolean;

/** Tells the site's developers, once in a page, why something does not arrive. */
export function warn(why: string): void {
  if (!warned) console.warn('madura', why);
  warned = true;
}
