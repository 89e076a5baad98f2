/** What the screens of the models say. */
import { catalogue } from './catalogue.ts';
import en from './en/models.ts';
import es from './es/models.ts';
import ro from './ro/models.ts';

export const say = catalogue(en, es, ro);
