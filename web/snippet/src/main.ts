// Begins: finds how the site has embedded the script, and takes over what it has asked for so far.
import { listen, safe } from './browser';
import { followClicks } from './clicks';
import { followForms } from './forms';
import type { Properties } from './messages';
import { followPages, view } from './pages';
import { settings } from './settings';
import { consent, group, identify, optOut, reset, track, welcome } from './visitor';

declare const VERSION: string;

/** A call that was made before the script was there: `['track', 'demo_requested', {...}]`. */
type Call = [name: string, ...parameters: unknown[]];
type Act = (...parameters: never[]) => void;
type Api = Call[] & { version?: string } & Record<string, Act>;

const CALLS: Record<string, Act> = {
  page: view,
  // What a page says is a visit, whatever else it hands over.
  track: (event: string, properties?: Properties) => track(event, properties),
  identify,
  group,
  consent,
  reset,
  optOut,
};

const start = safe(() => {
  const here = window as unknown as { madura?: Api };
  const script = document.currentScript as HTMLScriptElement;
  // The same list stays, for the page may have a name of its own for it.
  const api = (here.madura = Array.isArray(here.madura) ? here.madura : ([] as unknown as Api));
  if (api.version) return;
  const { origin, searchParams } = new URL(script.src);
  Object.assign(settings, script.dataset);
  // Tag managers take attributes away: the script's address will do.
  searchParams.forEach((value, name) => (settings[name] = value));
  api.version = VERSION;

  const begin = () => {
    welcome(origin + '/v1/b');
    followPages();
    followForms();
    followClicks();
    const call = safe(([name, ...parameters]: Call) => (CALLS[name] as (...parameters: unknown[]) => void)(...parameters));
    for (const name in CALLS) api[name] = (...parameters) => call([name, ...parameters]);
    const early = api.splice(0);
    api.push = added => (call(added), 0);
    early.forEach(call);
  };

  // A page that is rendered in advance may never be seen.
  if ((document as { prerendering?: boolean }).prerendering) listen('prerenderingchange', begin);
  else begin();
});

start();
