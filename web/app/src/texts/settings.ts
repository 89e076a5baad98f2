/** What the settings say. */
import { catalogue } from './catalogue.ts';
import en from './en/settings.ts';
import es from './es/settings.ts';
import ro from './ro/settings.ts';

export const say = catalogue(en, es, ro);
