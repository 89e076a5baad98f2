// A list that is read page by page.

export interface Page<T> {
  items: T[];
  /** What the next page is asked for with; null: there is none. */
  next: string | null;
}

export class Pages<T> {
  /** Null: nothing was read yet. */
  items = $state.raw<T[] | null>(null);
  next = $state<string | null>(null);
  failed = $state<unknown>(null);
  busy = $state(false);
  #read: (cursor: string | null) => Promise<Page<T>>;
  #asked = 0;

  constructor(read: (cursor: string | null) => Promise<Page<T>>) {
    this.#read = read;
  }

  /** Reads it from its beginning; what is shown stays until the answer is there. */
  again = (): Promise<void> => this.#take(null);

  more = (): Promise<void> => (this.next === null ? Promise.resolve() : this.#take(this.next));

  async #take(cursor: string | null): Promise<void> {
    const mine = ++this.#asked;
    this.busy = true;
    try {
      const page = await this.#read(cursor);
      // An answer that something newer was asked after is of no use.
      if (mine !== this.#asked) return;
      this.items = cursor && this.items ? [...this.items, ...page.items] : page.items;
      this.next = page.next;
      this.failed = null;
    } catch (error) {
      if (mine === this.#asked) this.failed = error;
    } finally {
      if (mine === this.#asked) this.busy = false;
    }
  }
}
