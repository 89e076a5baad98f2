import type { LeadItem } from '../../src/api/types.ts';
import { explain, facts, history } from './card.ts';
import { MODEL } from './company.ts';
import { problem, Reply, route, type Asked, type Route } from './route.ts';

function wanted({ mock, query }: Asked): LeadItem[] {
  const text = query.get('q')?.toLowerCase() ?? '';
  const one = (name: 'bracket' | 'stage' | 'company', lead: LeadItem) => {
    const asked = query.get(name);
    return !asked || asked.split(',').includes(lead[name] ?? 'none');
  };
  return mock.leads.filter(
    (lead) =>
      one('bracket', lead) &&
      one('stage', lead) &&
      one('company', lead) &&
      (!text || [lead.name, lead.email, lead.company].some((value) => value?.toLowerCase().includes(text))),
  );
}

function list(asked: Asked) {
  if (!asked.mock.hasModel) return { model: null, leads: [], next: null };
  const by = asked.query.get('order') === 'priority' ? 'priority' : 'score';
  const limit = Number(asked.query.get('limit') ?? 50);
  const [value, id] = asked.query.get('cursor')?.split('|') ?? [];
  const sign = asked.query.get('direction') === 'ascending' ? -1 : 1;
  const compare = (a: { value: number; id: string }, b: { value: number; id: string }) => sign * (b.value - a.value || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0));
  const keyed = (lead: LeadItem) => ({ value: lead[by], id: lead.id });
  const sorted = wanted(asked).sort((a, b) => compare(keyed(a), keyed(b)));
  const rest = value === undefined ? sorted : sorted.filter((lead) => compare({ value: Number(value), id: id ?? '' }, keyed(lead)) < 0);
  const leads = rest.slice(0, limit);
  const last = leads.at(-1);
  return { model: asked.query.get('model') ?? MODEL, leads, next: rest.length > limit && last ? `${last[by]}|${last.id}` : null };
}

function counts(asked: Asked) {
  if (!asked.mock.hasModel) return { model: null, total: 0, counts: [] };
  const by = asked.query.get('by') as 'bracket' | 'stage' | null;
  const found = wanted(asked);
  const sums = new Map<string | null, number>();
  if (by) for (const lead of found) sums.set(lead[by], (sums.get(lead[by]) ?? 0) + 1);
  return { model: MODEL, total: found.length, counts: [...sums].map(([value, leads]) => ({ value, leads })) };
}

/** Answers about a lead, where there is one. */
const about = (answer: (lead: LeadItem, asked: Asked) => unknown) => (asked: Asked) => {
  const lead = asked.mock.leads.find((one) => one.id === asked.parts['id']);
  return lead ? answer(lead, asked) : problem(404, 'not_found', 'there is no such lead');
};

function detail(lead: LeadItem) {
  const { id, email, name, company, country, owner, created_at, last_seen_at } = lead;
  const { score, fit, engagement, grade, bracket, stage, disqualified, priority, scored_at } = lead;
  return {
    ...{ id, email, name, company, country, owner, created_at, last_seen_at },
    traits: { title: 'VP Marketing', city: 'Córdoba', phone: '+34 600 000 836', company: { name: company, employees: 120 }, 'email.kind': 'business' },
    identifiers: [
      { kind: 'user', value: 'crm-1194', since: null },
      { kind: 'email', value: email, since: null },
      { kind: 'anonymous', value: '9f3c1f', since: created_at },
    ],
    scores: [{ model: MODEL, version: 1, score, fit, engagement, grade, bracket, stage, disqualified, priority, scored_at }],
    consents: [
      { purpose: 'marketing', channel: 'email', is_given: true, at: created_at, fact: 'f1', proof: { text: 'Yes, send me the newsletter.' } },
      { purpose: 'marketing', channel: 'phone', is_given: false, at: created_at, fact: 'f2', proof: {} },
    ],
  };
}

function companies({ mock, query }: Asked) {
  const by = (query.get('order') ?? 'top') as 'sum' | 'best' | 'top' | 'breadth';
  const known = new Map<string, LeadItem[]>();
  for (const lead of mock.leads) if (lead.company && !lead.disqualified) known.set(lead.company, [...(known.get(lead.company) ?? []), lead]);
  const rows = [...known].map(([id, of]) => {
    const scores = of.map((lead) => lead.score).sort((a, b) => b - a);
    const sum = scores.reduce((all, one) => all + one, 0);
    const top = scores.slice(0, 5).reduce((all, one) => all + one, 0);
    const seen = of.map((lead) => lead.last_seen_at ?? '').sort().at(-1) ?? null;
    return { id, name: null, domain: id, leads: of.length, sum, best: scores[0] ?? 0, top, breadth: scores.filter((one) => one >= 50).length, last_seen_at: seen };
  });
  const wanted = (query.get('q') ?? '').toLowerCase();
  const found = rows.filter((one) => one.id.toLowerCase().includes(wanted));
  found.sort((a, b) => b[by] - a[by]);
  return { model: MODEL, threshold: 50, companies: found.slice(0, 50), next: null };
}

export const leads: Route[] = [
  route('GET', '/leads', list),
  route('GET', '/leads/counts', counts),
  route('GET', '/companies', companies),
  route('GET', '/leads/:id', about(detail)),
  route('GET', '/leads/:id/explain', about((lead, { query }) => explain(lead, query.get('at')))),
  route('GET', '/leads/:id/history', about((lead) => history(lead))),
  route('GET', '/leads/:id/events', about((lead) => ({ events: facts(lead), next: null }))),
  route('POST', '/events/:id/label', () => ({ change: 'c1', facts: 1, leads: 1 })),
  route(
    'GET',
    '/leads/:id/deals',
    about((lead) => ({
      events: [
        {
          ...{ id: 'd1', kind: 'deal', name: 'deal_opened', source: 'crm', machine: null, retracted_at: null },
          ...{ at: lead.created_at, received_at: lead.created_at, body: { id: 'D-77', name: 'Licences 2027', stage: 'opened', amount_minor: 240_000, currency: 'EUR' } },
        },
      ],
      next: null,
    })),
  ),
  route(
    'POST',
    '/leads/:id/erase',
    about((lead, { mock, body }) => {
      if (body.confirm !== lead.id) return problem(422, 'not_confirmed', 'write the lead’s id as `confirm`');
      mock.leads = mock.leads.filter((one) => one !== lead);
      mock.tell({ kind: 'gone', lead: lead.id });
      return { id: 'e1', at: new Date().toISOString(), facts: 24, reason: body.reason };
    }),
  ),
  route(
    'GET',
    '/leads/:id/export',
    about((lead) => new Reply(200, { lead }, { 'content-disposition': 'attachment; filename="lead.json"' })),
  ),
];
