import { extended } from './catalogue.ts';
import en from './en/general.ts';
import es from './es/general.ts';
import ro from './ro/general.ts';
import { say as settings } from './settings.ts';

/** What the settings say of this part. */
export const say = extended(settings, en, es, ro);
