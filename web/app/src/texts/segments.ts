import { extended } from './catalogue.ts';
import en from './en/segments.ts';
import es from './es/segments.ts';
import ro from './ro/segments.ts';
import { say as settings } from './settings.ts';

/** What the settings say of this part. */
export const say = extended(settings, en, es, ro);
