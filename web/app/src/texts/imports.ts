/** What the screens of the imports say. */
import { catalogue } from './catalogue.ts';
import en from './en/imports.ts';
import es from './es/imports.ts';
import ro from './ro/imports.ts';

export const say = catalogue(en, es, ro);
