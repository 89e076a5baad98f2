import { extended } from './catalogue.ts';
import en from './en/site.ts';
import es from './es/site.ts';
import ro from './ro/site.ts';
import { say as settings } from './settings.ts';

/** What the settings say of this part. */
export const say = extended(settings, en, es, ro);
