/** What the frame of the page and its small parts say. */
import { catalogue } from './catalogue.ts';
import en from './en/shell.ts';
import es from './es/shell.ts';
import ro from './ro/shell.ts';

export const say = catalogue(en, es, ro);
