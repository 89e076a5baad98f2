/** Why a made-up lead has its score: a score card that adds up, a course, and facts. */
import type { LeadItem } from '../../src/api/types.ts';
import { bracketOf, MODEL, NOW, stageOf } from './company.ts';

const DAY = 86_400_000;
const text = (value: number) => String(Math.round(value * 1e6) / 1e6);

function criterion(name: string, raw: number, decayed = 0, cut = 0, more: Record<string, unknown> = {}) {
  return { criterion: name, value: text(raw + decayed + cut), raw: text(raw), decayed: text(decayed), cut: text(cut), ...more };
}

function group(name: string, dimension: 'fit' | 'engagement', criteria: ReturnType<typeof criterion>[], limit = Infinity) {
  const sum = criteria.reduce((all, one) => all + Number(one.value), 0);
  const cut = Math.min(0, limit - sum);
  return { group: name, dimension, value: text(sum + cut), cut: text(cut), criteria };
}

/** `at`: the score was smaller in the past, by the days that have passed since. */
export function explain(lead: LeadItem, at: string | null) {
  const now = at ? Date.parse(at) : NOW;
  const past = Math.max(0, Math.round((NOW - now) / DAY));
  const score = Math.max(0, lead.score - past);
  const event = (id: string, name: string, days: number, points: number, ignored?: string) => ({
    id,
    event: name,
    at: new Date(NOW - days * DAY).toISOString(),
    weight: ignored ? 0 : 800_000,
    points: text(points),
    ...(ignored ? { ignored } : {}),
  });
  const answered = (trait: string, value: unknown) => ({ answer: value === null ? 'unknown' : 'true', traits: [{ trait, value }] });
  const pages = Math.max(0, score - 24);
  const groups = [
    group('Company', 'fit', [
      criterion('Company size', 6, 0, 0, answered('company.employees', 120)),
      criterion('Home market', 6, 0, 0, answered('country', lead.country)),
    ]),
    group('Person', 'fit', [
      criterion('Recommends the purchase', 10, 0, 0, answered('title', lead.name)),
      criterion('Has a budget', 0, 0, 0, answered('answers.budget', null)),
    ]),
    group(
      'Web site',
      'engagement',
      [
        criterion('Pricing page', pages + 4.5, -2.25, 0, {
          counted: 2,
          events: [event('e1', 'page_viewed', 3, pages), event('e2', 'page_viewed', 9, 2.25), event('e3', 'page_viewed', 90, 0, 'too_old')],
        }),
        criterion('Blog and documentation', 9, -1.5, -2.5, {
          counted: 5,
          events: [event('e4', 'page_viewed', 12, 7.5), event('e5', 'page_viewed', 12, 0, 'over_count')],
        }),
        criterion('Careers page', -3, 0, 0, { counted: 1, events: [event('e6', 'page_viewed', 20, -3)] }),
      ],
      pages + 2.75,
    ),
  ];
  const sum = groups.reduce((all, one) => all + Number(one.value), 0);
  const rounded = Math.round(sum);
  return {
    model: MODEL,
    lead: lead.id,
    at: new Date(now).toISOString(),
    score,
    fit: 22,
    engagement: score - 22,
    grade: lead.grade,
    bracket: bracketOf(score),
    disqualified: lead.disqualified,
    groups,
    held: text(score - rounded),
    rounding: text(rounded - sum),
    disqualification: '0',
    gates: [
      { gate: 'Works for a competitor', effect: 'disqualify', answer: lead.disqualified ? 'true' : 'false' },
      { gate: 'Asked for a demo', effect: 'marketing_qualified', answer: score >= 45 ? 'true' : 'false' },
    ],
    version: 1,
    stage: stageOf(score),
    worth_asking: ['answers.budget', 'answers.needed_by'],
  };
}

export function history(lead: LeadItem) {
  const sample = (days: number) => {
    const score = Math.max(0, Math.round(lead.score * (1 - days / 90) ** 0.6 + 6 * Math.sin(days / 4) * (days ? 1 : 0)));
    return { at: new Date(NOW - days * DAY).toISOString(), score, fit: 22, engagement: score - 22, grade: 'B2', bracket: bracketOf(score), stage: stageOf(score), disqualified: null };
  };
  const samples = Array.from({ length: 91 }, (_, at) => sample(90 - at));
  const changes = [30, 14, 6].map((days) => ({
    at: sample(days).at,
    before: sample(days + 1),
    after: sample(days),
    facts: [{ fact: 'event', event: 'page_viewed', id: `e${days}` }],
    parts: [{ criterion: 'Pricing page', change: '1.5' }],
  }));
  const steps = stageOf(lead.score) ? [{ at: sample(14).at, stage: 'marketing_qualified', entered: true, reason: 'reached', score: sample(14).score }] : [];
  return { model: MODEL, lead: lead.id, from: samples[0]?.at, to: samples.at(-1)?.at, samples, changes, steps };
}

export function facts(lead: LeadItem) {
  const fact = (id: string, name: string, hours: number, body: unknown, more = {}) => {
    const at = new Date(NOW - hours * 3_600_000).toISOString();
    return { id, kind: 'event', name, at, received_at: at, source: 'web', body, machine: null, retracted_at: null, ...more };
  };
  return [
    fact('e1', 'page_viewed', 3, { path: '/pricing', seconds: 91 }),
    fact('e2', 'email_opened', 8, { campaign: 'monthly' }, { machine: { reason: 'mail proxy', confidence: 90 } }),
    fact('e4', 'form_submitted', 30, { form: 'contact', message: lead.name }),
    fact('e5', 'page_viewed', 31, { path: '/es/blog/' }),
    fact('t1', 'traits', 60, { title: 'VP Marketing', city: 'Córdoba' }, { kind: 'traits' }),
  ];
}
