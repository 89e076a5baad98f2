/** How long something moves, in milliseconds: not at all for people who asked their system for that. */
export function calm(duration: number): number {
  return matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : duration;
}
