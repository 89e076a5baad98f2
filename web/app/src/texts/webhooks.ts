import { extended } from './catalogue.ts';
import en from './en/webhooks.ts';
import es from './es/webhooks.ts';
import ro from './ro/webhooks.ts';
import { say as settings } from './settings.ts';

/** What the settings say of this part. */
export const say = extended(settings, en, es, ro);
