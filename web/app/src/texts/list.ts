import { catalogue } from './catalogue.ts';
import en from './en/list.ts';
import es from './es/list.ts';
import ro from './ro/list.ts';

/** What the list of leads says. */
export const say = catalogue(en, es, ro);
