// Clicks that mean something: marked elements, downloads, and links to elsewhere where the site asks for them.
import { attempt, attributeOf, listen, mark } from './browser';
import { bare, pageNow } from './messages';
import { track } from './visitor';

const FILES = /\.(pdf|docx?|xlsx?|pptx?|od[tsp]|csv|epub|zip|exe|msi|dmg)$/i;

/** `outbound`: links to other sites are reported too. */
export function followClicks(outbound: boolean): void {
  // The middle button opens a tab and is no click; the right one opens a menu and follows nothing.
  for (const name of ['click', 'auxclick']) {
    listen<MouseEvent>(name, event => {
      if (event.button < 2) event.composedPath().forEach(element => clicked(element as HTMLAnchorElement, outbound));
    });
  }
}

function clicked(element: HTMLAnchorElement, outbound: boolean): void {
  // The path ends with the document and the window.
  if (!element.tagName) return;
  const { path } = pageNow();
  const event = mark(element, 'track');
  if (event && element.tagName !== 'FORM') {
    track(event, { path, ...attempt(() => JSON.parse(mark(element, 'props')!), {}) });
  }
  const { host, href, pathname } = element;
  if (!href) return;
  // A `data:` or `blob:` address holds the file itself or names nothing.
  const isWeb = /^http/.test(href);
  const download = attributeOf(element, 'download');
  if (download !== null || FILES.test(pathname)) {
    const last = isWeb ? pathname.split('/').pop()! : '';
    const file = (download || attempt(() => decodeURIComponent(last), last) || 'file').slice(0, 200);
    const kind = mark(element, 'kind') || file.toLowerCase().split('.').pop();
    track('file_downloaded', { file, kind, path });
  } else if (outbound && isWeb && host !== location.host) {
    track('link_clicked', { url: bare(href), path });
  }
}
