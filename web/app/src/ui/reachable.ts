import type { Attachment } from 'svelte/attachments';

/** What scrolls sideways is reached by keyboards, too; what fits is not one stop more on their way. */
export const reachable: Attachment<HTMLElement> = (box) => {
  const look = () => {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute('tabindex');
  };
  const observer = new ResizeObserver(look);
  observer.observe(box);
  for (const child of box.children) observer.observe(child);
  return () => observer.disconnect();
};
