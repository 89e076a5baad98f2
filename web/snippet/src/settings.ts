// How the site has embedded the script.

/** What the site has set, by name; filled once, before anything else begins. */
export const settings: Record<string, string | undefined> = {};
