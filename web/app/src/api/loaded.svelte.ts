// Something that is read from the server: not yet, read, or failed.

export class Loaded<T> {
  value = $state.raw<T | null>(null);
  failed = $state<unknown>(null);
  #read: () => Promise<T>;

  constructor(read: () => Promise<T>) {
    this.#read = read;
  }

  /** Reads it, or reads it anew; what is shown stays until the answer is there. */
  again = async (): Promise<void> => {
    try {
      this.value = await this.#read();
      this.failed = null;
    } catch (error) {
      this.failed = error;
    }
  };
}
