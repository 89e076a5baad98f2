import { address } from '../../router.svelte.ts';

/** The address of a model, or of one of its versions. The server answers plain paths with the page; a name with
 * other characters stands in the query. */
export function modelLink(name: string, version?: number): string {
  return /^[\w:@~-]+$/.test(name) ? address(`/models/${name}`, { version }) : address('/models', { of: name, version });
}
