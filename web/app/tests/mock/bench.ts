/** Models and their versions: drafts, what-if, diff, activation. A small model is scored so that a heavier pricing page
 * moves whoever looked at prices. */
import { readFileSync } from 'node:fs';
import type { Fault } from '../../src/api/client.ts';
import type { Comparison, VersionView } from '../../src/screens/models/types.ts';
import { BRACKETS, MODEL, STAGES } from './company.ts';
import { problem, Reply, route, type Route } from './route.ts';
import type { Mock } from './server.ts';

export const DOCUMENT = `# What makes a lead worth a call.
model: ${MODEL}
kind: acquisition
scale: [0, 100]

groups:
  - group: Profile
    dimension: fit
    criteria:
      - name: Company size
        trait: company.employees
        bands:
          - {below: 10, points: 0} # too small
          - {below: 100, points: 8}
          - {points: 20}
  - group: Behaviour
    dimension: engagement
    limit: [0, 60]
    criteria:
      # Reloading is no more interest.
      - name: Pricing page
        event: page_viewed
        where: {path: {starts_with: /pricing}}
        points:   6   # agreed with sales
        count: {at_most: 3, per: day}
      - name: Gone quiet
        event: [page_viewed, email_opened]
        within: 60d
        tiers: [{below: 1, points: -10}]

brackets: [{name: cold, from: 0}, {name: curious, from: 20}, {name: warm, from: 40}, {name: hot, from: 60}, {name: ready, from: 80}]

stages:
  - stage: marketing_qualified
    enter: {score: 50}
    leave: {score: 40}
`;

/** The starter, as the page builds it in. */
export const STARTER = readFileSync(new URL('../../../../crates/scoring/src/document/starter.yaml', import.meta.url), 'utf8');

export class Bench {
  versions: VersionView[] = [version(1, 'active', DOCUMENT, 'The first')];
  activations = [{ version: 1, from: '2026-11-01T08:00:00Z', to: null as string | null, by: 'user:u1' }];
  /** The documents that were tried out. */
  tried: string[] = [];
  /** Answers wait until this is done: for tests of what is shown meanwhile. */
  gate: Promise<void> = Promise.resolve();

  get active(): VersionView | undefined {
    return this.versions.find((one) => one.state === 'active');
  }

  get before(): number | null {
    return [...this.activations].reverse().find((one) => one.version !== this.active?.version)?.version ?? null;
  }

  set(number: number, state: VersionView['state']): VersionView {
    for (const one of this.versions) if (state === 'active' && one.state === 'active') one.state = 'retired';
    const found = this.versions.find((one) => one.version === number);
    if (!found) throw new Error(`no version ${number}`);
    found.state = state;
    if (state === 'active') {
      const now = new Date().toISOString();
      for (const one of this.activations) one.to ??= now;
      this.activations.push({ version: number, from: now, to: null, by: 'user:u1' });
    }
    return { ...found, document: undefined };
  }

  routes(): Route[] {
    const of = (number: unknown) => this.versions.find((one) => one.version === Number(number));
    const path = `/models/:name`;
    return [
      route('GET', '/models', () => [this.view(), { ...this.view(), name: 'online-shop', kind: 'loyalty', is_primary: false, active: 1, latest: 1 }]),
      route('GET', `${path}/versions`, ({ parts }) =>
        parts['name'] === MODEL || parts['name'] === 'online-shop'
          ? { versions: [...this.versions].reverse().map((one) => ({ ...one, document: undefined })), activations: this.activations, before: this.before }
          : problem(404, 'not_found', 'there is no such model'),
      ),
      route('GET', `${path}/versions/:version`, ({ parts }) => of(parts['version']) ?? problem(404, 'not_found', 'there is no such version of the model')),
      route('POST', '/models/check', ({ body }) => check(body.document)),
      route('POST', `${path}/what-if`, async ({ body, mock }) => {
        this.tried.push(body.document);
        await this.gate;
        return compare(mock, this.active?.document ?? DOCUMENT, body.document);
      }),
      route('POST', '/models', ({ body, headers }) => {
        const latest = this.versions.at(-1)?.version ?? 0;
        if (headers['if-match'] && headers['if-match'] !== `"${latest}"`) return problem(412, 'changed_in_between', `version ${latest} was written in between: look at it first`);
        const name = /^model: (.*)$/m.exec(body.document)?.[1] ?? MODEL;
        if (name === MODEL) this.versions.push(version(latest + 1, 'draft', body.document, body.note));
        return new Reply(201, { model: name, version: name === MODEL ? latest + 1 : 1, warnings: [] });
      }),
      route('GET', `${path}/versions/:version/diff`, ({ parts, mock }) => {
        const [before, next] = [this.active, of(parts['version'])];
        if (!next) return problem(404, 'not_found', 'there is no such version of the model');
        return {
          model: MODEL,
          from: before?.version ?? null,
          to: next.version,
          lines: lines(before?.document ?? '', next.document ?? ''),
          comparison: before ? compare(mock, before.document ?? '', next.document ?? '') : null,
          confirm: this.confirm(next.version),
        };
      }),
      route('POST', `${path}/activate`, ({ body, mock }) => {
        if (body.confirm !== this.confirm(body.version)) return problem(409, 'not_confirmed', 'this is not the change that was shown');
        const view = this.set(body.version, 'active');
        mock.tell({ kind: 'models' });
        return view;
      }),
      route('POST', `${path}/shadow`, ({ body }) => this.set(body.version, 'shadow')),
      route('POST', `${path}/retire`, ({ body }) => this.set(body.version, 'retired')),
      route('POST', `${path}/rollback`, ({ body }) =>
        body.confirm === this.confirm(this.before ?? 0) ? this.set(this.before ?? 0, 'active') : problem(409, 'not_confirmed', 'this is not the change that was shown'),
      ),
      route('POST', `${path}/primary`, () => new Reply(204)),
      route('POST', '/models/backtest', ({ body }) => backtest(body.outcome)),
    ];
  }

  private confirm(number: number): string {
    return `${this.active?.version ?? 0}-${number}`;
  }

  private view() {
    const shadows = this.versions.filter((one) => one.state === 'shadow').map((one) => one.version);
    const latest = this.versions.at(-1)?.version ?? null;
    return { name: MODEL, kind: 'acquisition', is_primary: true, active: this.active?.version ?? null, shadows, latest, keys: [MODEL], brackets: BRACKETS, stages: STAGES, created_at: '2026-11-01T08:00:00Z' };
  }
}

function version(number: number, state: VersionView['state'], document: string, note: string): VersionView {
  return { model: MODEL, version: number, state, note, created_at: '2026-11-01T08:00:00Z', created_by: 'user:u1', activated_at: null, retired_at: null, document };
}

function check(document: string) {
  const errors: Fault[] = [];
  document.split('\n').forEach((line, at) => {
    const column = line.indexOf('trate:') + 1;
    if (column) errors.push({ pointer: '/document', detail: 'E003 `trate` is not a key of a criterion', line: at + 1, column, remedy: 'known are `trait`, `event`, `when` and `since`' });
  });
  return { is_valid: errors.length === 0, model: errors.length ? null : (/^model: (.*)$/m.exec(document)?.[1] ?? null), errors, warnings: [] };
}

const pricing = (document: string) => Number(/name: Pricing page[\s\S]*?points:\s*(-?[\d.]+)/.exec(document)?.[1] ?? 0);

function compare(mock: Mock, before: string, after: string): Comparison {
  const change = Math.round(pricing(after) - pricing(before));
  const bracket = (score: number) => BRACKETS[Math.min(4, Math.max(0, Math.floor(score / 20)))] ?? null;
  const everybody = mock.leads.map((lead, at) => {
    const score = at % 3 ? lead.score : Math.min(100, Math.max(0, lead.score + change));
    return { lead: lead.id, before: lead.score, after: score };
  });
  const places = [null, ...BRACKETS];
  const leads = places.map((from) => places.map((to) => everybody.filter((one) => bracket(one.before) === from && bracket(one.after) === to).length));
  const moving = everybody.filter((one) => one.before !== one.after);
  const numbers = (score: number) => ({ score, bracket: bracket(score), stage: null, disqualified: null });
  return {
    models: [MODEL, MODEL],
    at: new Date().toISOString(),
    leads: everybody.length,
    up: moving.filter((one) => one.after > one.before).length,
    down: moving.filter((one) => one.after < one.before).length,
    unchanged: everybody.length - moving.length,
    sums: [everybody.reduce((sum, one) => sum + one.before, 0), everybody.reduce((sum, one) => sum + one.after, 0)],
    brackets: { before: places, after: places, leads },
    stages: { before: [null, ...STAGES], after: [null, ...STAGES], leads: [null, ...STAGES].map((_, from) => [null, ...STAGES].map((_, to) => (from || to ? 0 : everybody.length))) },
    causes: moving.length ? [{ criterion: 'Pricing page', moved: String(moving.length * Math.abs(change)), net: String(moving.length * change), leads: moving.length, main_cause_of: moving.length }] : [],
    movers: moving.slice(0, 50).map((one) => ({
      lead: one.lead,
      name: `Lead ${one.lead}`,
      email: `${one.lead}@acme.example`,
      company: 'acme.example',
      company_name: 'Acme Coffee',
      before: numbers(one.before),
      after: numbers(one.after),
      change: one.after - one.before,
      parts: [{ criterion: 'Pricing page', change: String(one.after - one.before) }],
    })),
  };
}

function lines(before: string, after: string) {
  const [old, next] = [before.split('\n'), after.split('\n')];
  return next.flatMap((text, at) => {
    if (old[at] === text) return [{ change: 'same', text }];
    return [...(old[at] === undefined ? [] : [{ change: 'removed', text: old[at] }]), { change: 'added', text }];
  });
}

function backtest(outcome: string) {
  const row = (bracket: string, from: string, leads: number, conversions: number) => {
    const rate = conversions / leads;
    return { bracket, from, leads, conversions, share: leads / 2000, captured: conversions / 95, rate, interval: [rate / 2, Math.min(1, rate * 2)], lift: rate / 0.0475 };
  };
  return {
    model: MODEL,
    outcome,
    again: false,
    horizon: '90d',
    every: '30d',
    data: ['2024-11-01T00:00:00Z', '2026-11-01T00:00:00Z'],
    time_zone: 'UTC',
    scale: [0, 100],
    overlap: 3,
    different: { leads: 1800, conversions: 64 },
    pooled: { leads: 2000, conversions: 95, base_rate: 0.0475, auc: 0.957, average_precision: 0.34, top_decile_lift: 8.7 },
    brackets: [row('cold', '0', 1700, 8), row('curious', '20', 200, 20), row('warm', '40', 60, 20), row('hot', '60', 30, 26), row('ready', '80', 10, 9)],
    deciles: [],
    calibration: [],
    roc: [],
    gain: [{ x: 0, y: 0 }, { x: 0.1, y: 0.8 }, { x: 1, y: 1 }],
    cut_offs: [],
    criteria: [{ name: 'Pricing page', gate: false, behavioural: true, auc: 0.88, traits: [], suspicion: null }],
    warnings: [{ code: 'few_conversions', sentence: 'Only 95 of 2000 leads at cut-offs converted: read the intervals, not the rates.' }],
  };
}
