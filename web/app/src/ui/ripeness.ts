/** How ripe a bracket is: 0 (the lowest) to 4 (the highest), spread over however many a model has. */
export function ripeness(bracket: string | null | undefined, brackets: readonly string[]): number {
  const at = bracket ? brackets.indexOf(bracket) : -1;
  if (at < 0) return 0;
  if (brackets.length < 2) return 4;
  return Math.round((4 * at) / (brackets.length - 1));
}

/** Its colour, for a style property. */
export function ripeColour(bracket: string | null | undefined, brackets: readonly string[]): string {
  return `var(--ripe-${ripeness(bracket, brackets)})`;
}
