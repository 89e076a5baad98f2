// What a message says besides its own content.
import { attempt, randomId } from './browser';
import { settings } from './settings';

declare const VERSION: string;

/** Whatever a page wants to say; becomes JSON. */
export type Properties = Record<string, unknown>;

/** A page as it is reported: of what follows a question mark only the route, for tokens and addresses stand there. */
export interface Page {
  path: string;
  url: string;
  title: string;
  referrer: string;
}

/** What one call of the Segment protocol is about. */
export interface Content {
  type: 'track' | 'identify' | 'group';
  userId?: string;
  event?: string;
  properties?: Properties;
  groupId?: string;
  traits?: Properties;
}

/** One call of the Segment protocol, still without the visitor's id. */
export interface Message extends Content {
  messageId: string;
  /** Becomes ISO 8601 in JSON. */
  timestamp: Date;
  context: { page: Page; campaign: string } & Properties;
  anonymousId?: string;
}

/**
 * What sites without paths of their own tell their pages apart by: parameters whose value is a number, or
 * words with hardly a digit. No token and no address is one.
 */
const ROUTE = /^(p|r|id|cat|page|view|route|controller|(page|product)_id|id_\w+)=(\d{1,9}|[a-z/_-]+\d{0,3})$/i;

/** What brought the visitor, and the ids of clicks on advertisements. */
const CAMPAIGN = /^(utm_.|(g|fb|ms)clk?id=)/;

/**
 * The page that the address bar names now. A route behind `#/` belongs to the path, an anchor does not;
 * of what follows a question mark what routes does, where the path itself is a directory's or a program's.
 */
export function pageNow(referrer = bare(document.referrer)): Page {
  const { origin, pathname, hash } = location;
  const own = RegExp(`^(${settings.routes})=`);
  const query = parameters(pair => own.test(pair) || (ROUTE.test(pair) && /(\/|\.\w+)$/.test(pathname)));
  const path = pathname + (query && '?' + query) + (/^#!?\/[^?&]*/.exec(hash) || '');
  return { path, url: origin + path, title: document.title, referrer };
}

/** An address without its query and anchor; empty where it is none. */
export function bare(address: string): string {
  return attempt(() => {
    const { origin, pathname } = new URL(address);
    return origin + pathname;
  }, '');
}

/** A message with its id, its time and its context. */
export function message(content: Content, page: Page): Message {
  return {
    messageId: randomId(),
    timestamp: new Date(),
    context: {
      library: { name: 'madura.js', version: VERSION },
      page,
      campaign: parameters(pair => CAMPAIGN.test(pair)),
      locale: navigator.language,
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      webdriver: navigator.webdriver,
    },
    ...content,
  };
}

/** The parameters that are said of the page. */
function parameters(says: (pair: string) => boolean): string {
  return location.search.slice(1).split('&').filter(says).join('&');
}
