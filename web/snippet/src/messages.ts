// What a message says besides its own content.
import { attempt, randomId } from './browser';

declare const VERSION: string;

/** Whatever a page wants to say; becomes JSON. */
export type Properties = Record<string, unknown>;

/** A page as it is reported: without what follows a question mark, for tokens and addresses stand there. */
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
  context: { page: Page; campaign?: Properties } & Properties;
  anonymousId?: string;
}

/** The page that the address bar names now. A route behind `#/` belongs to the path, an anchor does not. */
export function pageNow(referrer = bare(document.referrer)): Page {
  const { origin, pathname, hash } = location;
  const path = pathname + (/^#!?\/[^?&]*/.exec(hash) || '');
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
export function message(content: Content, page: Page, prerendered?: true): Message {
  return {
    messageId: randomId(),
    timestamp: new Date(),
    context: {
      library: { name: 'madura.js', version: VERSION },
      page,
      campaign: campaignNow(),
      locale: navigator.language,
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      webdriver: navigator.webdriver,
      // Left out of the JSON where it is undefined.
      prerendered,
    },
    ...content,
  };
}

/** The `utm_` parameters of the address bar, without their prefix; `utm_campaign` is the campaign's name. */
function campaignNow(): Properties | undefined {
  let campaign: Properties | undefined;
  new URLSearchParams(location.search).forEach((value, name) => {
    if (/^utm_/.test(name)) campaign = { ...campaign, [name === 'utm_campaign' ? 'name' : name.slice(4)]: value };
  });
  return campaign;
}
