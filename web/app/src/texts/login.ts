import { catalogue } from './catalogue.ts';
import en from './en/login.ts';
import es from './es/login.ts';
import ro from './ro/login.ts';

/** What those read who are not in yet. */
export const say = catalogue(en, es, ro);
