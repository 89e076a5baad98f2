/** Which of several dialogs of a screen is open, and what it is about. */
export class Doing<Step extends string, Thing> {
  step = $state<Step | null>(null);
  /** It stays while its dialog closes, so that the words in it do not vanish before it. */
  about = $state.raw<Thing | null>(null);

  begin(step: Step, about: Thing | null = null): void {
    this.about = about;
    this.step = step;
  }

  /** For `bind:open` of the dialog of a step. */
  open(step: Step): { get: () => boolean; set: (open: boolean) => void } {
    return {
      get: () => this.step === step,
      set: (open) => {
        if (open) this.step = step;
        else if (this.step === step) this.step = null;
      },
    };
  }
}
