import { extended } from './catalogue.ts';
import en from './en/account.ts';
import es from './es/account.ts';
import ro from './ro/account.ts';
import { say as settings } from './settings.ts';

/** What the settings say of this part. */
export const say = extended(settings, en, es, ro);
