import { BRACKETS, MODEL, STAGES } from './company.ts';
import { route, type Route } from './route.ts';

export const WORDS = {
  traits: [
    { path: 'country', kinds: ['text'], leads: 40 },
    { path: 'company.employees', kinds: ['number'], leads: 30 },
    { path: 'company.industry', kinds: ['text'], leads: 20 },
  ],
  events: [
    { name: 'page_viewed', count: 900, last_at: '2026-11-20T08:00:00Z', properties: [{ path: 'path', kinds: ['text'] }, { path: 'seconds', kinds: ['number'] }] },
    { name: 'webinar_attended', count: 12, last_at: '2026-11-18T08:00:00Z', properties: [] },
  ],
  is_cut: false,
};

export const models: Route[] = [
  route('GET', '/vocabulary', () => WORDS),
  route('GET', '/models', ({ mock }) => {
    if (!mock.hasModel) return [];
    const base = { active: 1, shadows: [], latest: 1, stages: STAGES, created_at: '2026-11-01T08:00:00Z' };
    return [
      { ...base, name: MODEL, kind: 'acquisition', is_primary: true, keys: [MODEL], brackets: BRACKETS },
      { ...base, name: 'online-shop', kind: 'loyalty', is_primary: false, keys: ['online-shop'], brackets: ['leave in peace', 'remind', 'call'] },
    ];
  }),
];
