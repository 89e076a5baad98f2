import { extended } from './catalogue.ts';
import en from './en/keys.ts';
import es from './es/keys.ts';
import ro from './ro/keys.ts';
import { say as settings } from './settings.ts';

/** What the settings say of this part. */
export const say = extended(settings, en, es, ro);
