import { extended } from './catalogue.ts';
import en from './en/forms.ts';
import es from './es/forms.ts';
import ro from './ro/forms.ts';
import { say as settings } from './settings.ts';

/** What the settings say of this part. */
export const say = extended(settings, en, es, ro);
