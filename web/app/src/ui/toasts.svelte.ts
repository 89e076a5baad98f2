/** Short notes at the edge of the page: something was done, or did not work. */

export interface Toast {
  id: number;
  text: string;
  kind: 'done' | 'wrong';
}

let next = 1;
const shown = $state<{ list: Toast[] }>({ list: [] });

/** For how long a note stays, in milliseconds: long enough to read two lines. */
const STAYS = 6_000;

export function toasts(): Toast[] {
  return shown.list;
}

export function toast(text: string, kind: Toast['kind'] = 'done'): void {
  const id = next++;
  shown.list.push({ id, text, kind });
  setTimeout(() => dismiss(id), STAYS);
}

export function dismiss(id: number): void {
  shown.list = shown.list.filter((one) => one.id !== id);
}
