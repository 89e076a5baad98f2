import { catalogue } from './catalogue.ts';
import en from './en/events.ts';
import es from './es/events.ts';
import ro from './ro/events.ts';

const say = catalogue(en, es, ro);

const isNamed = (name: string): name is keyof typeof en => Object.hasOwn(en, name);

/** What an event is called: known ones in the reader's language, others by their name with spaces. */
export function eventName(name: string): string {
  return isNamed(name) ? say(name) : name.replaceAll('_', ' ');
}
