// Clicks that mean something: marked elements, downloads, and links to elsewhere where the site asks for them.
import { attempt, attributeOf, listen, mark } from './browser';
import { bare } from './messages';
import { settings } from './settings';
import { track } from './visitor';

const FILES = /\.(pdf|(doc|xls|ppt)x?|od[tsp]|csv|epub|zip|exe|msi|dmg)$/i;

export function followClicks(): void {
  // The middle button opens a tab and is no click; the right one opens a menu and follows nothing.
  for (const name of ['click', 'auxclick']) {
    listen<MouseEvent>(name, event => {
      if (event.button < 2) (event.composedPath() as HTMLAnchorElement[]).forEach(clicked);
    });
  }
}

function clicked(element: HTMLAnchorElement): void {
  // The path ends with the document and the window.
  if (!element.tagName) return;
  const event = mark(element, 'track');
  if (event && element.tagName !== 'FORM') {
    track(event, attempt(() => JSON.parse(mark(element, 'props')!), {}));
  }
  const { host, href, pathname } = element;
  if (!href) return;
  // A `data:` or `blob:` address holds the file itself or names nothing.
  const isWeb = /^http/.test(href);
  const download = attributeOf(element, 'download');
  if (download !== null || FILES.test(pathname)) {
    const last = isWeb ? pathname.split('/').pop()! : '';
    const file = download || attempt(() => decodeURIComponent(last), last);
    track('file_downloaded', { file, kind: mark(element, 'kind') });
  } else if ('outbound' in settings && isWeb && host !== location.host) {
    track('link_clicked', { url: bare(href) });
  }
}
