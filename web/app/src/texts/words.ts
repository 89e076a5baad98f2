/** Words of the field that the server writes as names. What a model calls its own stays as it is. */
import { catalogue } from './catalogue.ts';
import en from './en/words.ts';
import es from './es/words.ts';
import ro from './ro/words.ts';

export const say = catalogue(en, es, ro);

/** A stage: known ones in the reader's language, a model's own with spaces. */
export function stageName(stage: string | null | undefined): string {
  if (!stage) return '';
  if (stage === 'marketing_qualified' || stage === 'sales_qualified') return say(stage);
  return stage.replaceAll('_', ' ');
}

/** Why a stage was entered or left. */
export function reasonName(reason: string): string {
  switch (reason) {
    case 'reached':
    case 'fast_track':
    case 'fell':
    case 'rejected':
      return say(reason);
    case 'disqualified':
      return say('wasDisqualified');
    default:
      return reason;
  }
}
