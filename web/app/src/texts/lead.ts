import { catalogue } from './catalogue.ts';
import en from './en/lead.ts';
import es from './es/lead.ts';
import ro from './ro/lead.ts';

/** What the page of a lead says. */
export const say = catalogue(en, es, ro);
