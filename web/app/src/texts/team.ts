import { extended } from './catalogue.ts';
import en from './en/team.ts';
import es from './es/team.ts';
import ro from './ro/team.ts';
import { say as settings } from './settings.ts';

/** What the settings say of this part. */
export const say = extended(settings, en, es, ro);
