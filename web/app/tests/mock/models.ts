import { BRACKETS, MODEL, STAGES } from './company.ts';
import { route, type Route } from './route.ts';

export const models: Route[] = [
  route('GET', '/models', ({ mock }) => {
    if (!mock.hasModel) return [];
    const base = { active: 1, shadows: [], latest: 1, stages: STAGES, created_at: '2026-11-01T08:00:00Z' };
    return [
      { ...base, name: MODEL, kind: 'acquisition', is_primary: true, keys: [MODEL], brackets: BRACKETS },
      { ...base, name: 'online-shop', kind: 'loyalty', is_primary: false, keys: ['online-shop'], brackets: ['leave in peace', 'remind', 'call'] },
    ];
  }),
];
