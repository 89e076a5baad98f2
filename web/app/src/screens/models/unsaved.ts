// Texts that nobody has saved yet, by model, for as long as the page is open: looking at a lead and coming
// back loses no work.

const texts = new Map<string, string>();

export const unsaved = {
  get: (model: string): string | undefined => texts.get(model),
  keep(model: string, text: string): void {
    texts.set(model, text);
  },
  forget(model: string): void {
    texts.delete(model);
  },
};
