import { extended } from './catalogue.ts';
import en from './en/audit.ts';
import es from './es/audit.ts';
import ro from './ro/audit.ts';
import { say as settings } from './settings.ts';

/** What the settings say of this part. */
export const say = extended(settings, en, es, ro);
