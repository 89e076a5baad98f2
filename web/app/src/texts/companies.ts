import { catalogue } from './catalogue.ts';
import en from './en/companies.ts';
import es from './es/companies.ts';
import ro from './ro/companies.ts';

/** What the list of companies says. */
export const say = catalogue(en, es, ro);
