/** Keys, users, webhooks, segments, the trail: what is set up. */
import type { User } from '../../src/api/types.ts';
import type { ApiKey, Delivery, Entry, Invitation, Segment, Session, Webhook, WriteKey } from '../../src/screens/settings/types.ts';
import type { Form } from '../../src/screens/settings/forms/mapping.ts';
import { problem, Reply, route, type Route } from './route.ts';

const AT = '2026-11-20T09:00:00Z';

export class Setup {
  writeKeys: WriteKey[] = [];
  keys: ApiKey[] = [];
  users: User[] = [];
  invitations: Invitation[] = [];
  webhooks: Webhook[] = [];
  deliveries: Delivery[] = [];
  segments: Segment[] = [];
  retention: { quiet_days?: number | null } = {};
  money: { currency?: string; rates?: Record<string, string> } = {};
  forms: Form[] = [];
  general: Record<string, unknown> = {};
  sessions: Session[] = [
    { id: 's1', is_this: true, created_at: AT, last_seen_at: AT, expires_at: '2027-01-01T00:00:00Z', user_agent: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36' },
    { id: 's2', is_this: false, created_at: AT, last_seen_at: AT, expires_at: '2027-01-01T00:00:00Z', user_agent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/605' },
  ];
  trail: Entry[] = [entry(2, 'model.activated', 'model:b2b-software', { version: 1, state: 'draft' }, { version: 1, state: 'active' }), entry(1, 'setup.done', 'user:u1', null, null)];
  /** What was sent with each change, by method and path. */
  sent: { what: string; body: any }[] = [];
  replayed: unknown[] = [];
  #next = 1;

  addWriteKey(name: string): WriteKey {
    const id = `w${this.#next++}`;
    const key = `wk_${id}`;
    const made: WriteKey = {
      id,
      key,
      previous_until: null,
      name,
      origins: [],
      daily_quota: null,
      is_enabled: true,
      created_by: 'user:u1',
      created_at: AT,
      last_used_at: null,
      snippet: `<script async src="https://leads.example.com/m.js" data-key="${key}"></script>`,
    };
    this.writeKeys.push(made);
    return made;
  }

  addWebhook(url: string): Webhook {
    const made: Webhook = {
      id: `h${this.#next++}`,
      url,
      description: '',
      event_types: [],
      is_enabled: true,
      disabled_reason: null,
      failing_since: null,
      waiting: 0,
      delivered: 3,
      given_up: 1,
      oldest_due: null,
      created_by: 'user:u1',
      created_at: AT,
    };
    this.webhooks.push(made);
    return made;
  }

  routes(): Route[] {
    const note = (what: string, answer: Route['answer']): Route['answer'] => (asked) => {
      this.sent.push({ what, body: asked.body });
      return answer(asked);
    };
    const of = <T extends { id: string }>(list: T[], id: string | undefined): T | undefined => list.find((one) => one.id === id);
    const gone = () => new Reply(204);
    const change = (method: string, path: string, answer: Route['answer']) => route(method, path, note(`${method} ${path}`, answer));
    return [
      route('GET', '/write-keys', () => this.writeKeys),
      change('POST', '/write-keys', ({ body }) => new Reply(201, Object.assign(this.addWriteKey(body.name), body))),
      change('PUT', '/write-keys/:id', ({ parts, body }) => Object.assign(of(this.writeKeys, parts['id']) ?? {}, body)),
      change('DELETE', '/write-keys/:id', ({ parts }) => {
        this.writeKeys = this.writeKeys.filter((one) => one.id !== parts['id']);
        return gone();
      }),
      change('POST', '/write-keys/:id/rotate', ({ parts }) => Object.assign(of(this.writeKeys, parts['id']) ?? {}, { key: 'wk_other', previous_until: '2027-01-01T00:00:00Z' })),
      route('GET', '/write-keys/:id/usage', () => [{ day: '2026-11-25T00:00:00Z', taken: 1_234, refused: 0 }]),
      route('GET', '/keys', () => this.keys.map((one) => ({ ...one, key: undefined }))),
      change('POST', '/keys', ({ body }) => {
        const made: ApiKey = { id: `k${this.#next++}`, prefix: 'mk_abcdefgh', created_by: 'user:u1', created_at: AT, last_used_at: null, revoked_at: null, ...body };
        this.keys.push(made);
        return new Reply(201, { ...made, key: 'mk_abcdefgh_topsecret' });
      }),
      change('DELETE', '/keys/:id', ({ parts }) => {
        Object.assign(of(this.keys, parts['id']) ?? {}, { revoked_at: AT });
        return gone();
      }),
      route('GET', '/users', ({ mock }) => [mock.user, ...this.users]),
      change('PATCH', '/users/:id', ({ parts, body }) => {
        const user = of(this.users, parts['id']);
        if (!user) return problem(404, 'not_found', 'there is no such user');
        if (body.role) user.role = body.role;
        if (body.is_disabled !== undefined) user.disabled_at = body.is_disabled ? AT : null;
        return user;
      }),
      change('DELETE', '/users/:id', ({ parts }) => {
        this.users = this.users.filter((one) => one.id !== parts['id']);
        return gone();
      }),
      change('POST', '/users/:id/reset', () => new Reply(201, { link: 'https://leads.example.com/reset#token=once' })),
      route('GET', '/invitations', () => this.invitations.map((one) => ({ ...one, link: undefined }))),
      change('POST', '/invitations', ({ body }) => {
        const made: Invitation = { id: `i${this.#next++}`, invited_by: 'user:u1', created_at: AT, expires_at: '2027-01-01T00:00:00Z', ...body };
        this.invitations.push(made);
        return new Reply(201, { ...made, link: 'https://leads.example.com/invitation#token=once' });
      }),
      change('DELETE', '/invitations/:id', ({ parts }) => {
        this.invitations = this.invitations.filter((one) => one.id !== parts['id']);
        return gone();
      }),
      route('GET', '/webhooks', () => this.webhooks.map((one) => ({ ...one, secret: undefined }))),
      change('POST', '/webhooks', ({ body }) => {
        if (!/^https?:/.test(body.url)) return problem(422, 'bad_webhook', 'an address begins with https://', { errors: [{ pointer: '/url', detail: 'an address begins with https://' }] });
        return new Reply(201, { ...Object.assign(this.addWebhook(body.url), body), secret: 'whsec_once' });
      }),
      change('PUT', '/webhooks/:id', ({ parts, body }) => Object.assign(of(this.webhooks, parts['id']) ?? {}, body)),
      change('POST', '/webhooks/:id/disable', ({ parts }) => Object.assign(of(this.webhooks, parts['id']) ?? {}, { is_enabled: false })),
      change('POST', '/webhooks/:id/enable', ({ parts }) => Object.assign(of(this.webhooks, parts['id']) ?? {}, { is_enabled: true })),
      change('POST', '/webhooks/:id/test', () => ({ is_delivered: false, status: 500, took_ms: 12, failure: 'It answered with another status than 2xx.', excerpt: '<b>down</b>' })),
      change('POST', '/webhooks/:id/replay', ({ body }) => {
        this.replayed.push(body);
        return { deliveries: 1 };
      }),
      change('DELETE', '/webhooks/:id', ({ parts }) => {
        this.webhooks = this.webhooks.filter((one) => one.id !== parts['id']);
        return gone();
      }),
      route('GET', '/webhooks/:id/deliveries', ({ query }) => ({ deliveries: this.deliveries.filter((one) => !query.get('state') || one.state === query.get('state')), next: null })),
      route('GET', '/webhooks/:id/deliveries/:message', () => [{ at: AT, status: 500, failure: 'It is busy.', took_ms: 31, excerpt: 'try later' }]),
      route('GET', '/segments', () => this.segments),
      route('GET', '/segments/:id', ({ parts }) => new Reply(200, of(this.segments, parts['id']), { etag: '"7"' })),
      route('GET', '/segments/:id/members', () => ({ total: 42, leads: [], next: null })),
      route('POST', '/segments/count', ({ body }) =>
        body.condition?.all ? { leads: 3 } : body.condition?.trait || body.condition?.event ? { leads: body.condition.trait ? 17 : 5 } : problem(422, 'bad_condition', 'the condition is none', { errors: [{ pointer: '/condition', detail: 'E004 a condition needs `trait` or `event`', remedy: 'add one' }] }),
      ),
      change('POST', '/segments', ({ body }) => {
        const made: Segment = { id: `g${this.#next++}`, created_at: AT, created_by: 'user:u1', updated_at: AT, ...body };
        this.segments.push(made);
        return new Reply(201, made);
      }),
      change('PUT', '/segments/:id', ({ parts, body, headers }) => (headers['if-match'] === '"7"' ? Object.assign(of(this.segments, parts['id']) ?? {}, body) : problem(412, 'changed_in_between', 'the segment was changed in between'))),
      change('DELETE', '/segments/:id', ({ parts }) => {
        this.segments = this.segments.filter((one) => one.id !== parts['id']);
        return gone();
      }),
      route('GET', '/forms', () => this.forms),
      route('GET', '/forms/:name', ({ parts }) => this.forms.find((one) => one.name === parts['name']) ?? problem(404, 'not_found', 'there is no such form')),
      route('POST', '/forms/suggest', ({ body }) => {
        const fields = Object.fromEntries(Object.keys(JSON.parse(body.samples[0])).flatMap((name) => (name === 'correo' ? [[name, { as: 'email' }]] : [])));
        return { mapping: { form: body.form, event: 'form_submitted', fields, others: 'keep' }, reasons: { correo: '"correo" is called so in English, Spanish or Romanian' } };
      }),
      change('PUT', '/forms/:name', ({ parts, body, headers }) => {
        const known = this.forms.find((one) => one.name === parts['name']);
        if (known && headers['if-match'] && headers['if-match'] !== `"${known.version}"`) return problem(412, 'changed_in_between', 'the form was changed in between');
        const made: Form = { name: parts['name'] ?? '', mapping: body, version: (known?.version ?? 0) + 1, updated_at: AT, updated_by: 'user:u1' };
        this.forms = [...this.forms.filter((one) => one !== known), made];
        return made;
      }),
      change('DELETE', '/forms/:name', ({ parts }) => {
        this.forms = this.forms.filter((one) => one.name !== parts['name']);
        return gone();
      }),
      route('GET', '/settings/money', () => new Reply(200, { name: 'money', value: this.money, version: 0 }, { etag: '"0"' })),
      change('PUT', '/settings/money', ({ body }) => {
        this.money = body;
        return new Reply(200, { name: 'money', value: body, version: 1 }, { etag: '"1"' });
      }),
      route('GET', '/settings/retention', () => new Reply(200, { name: 'retention', value: this.retention, version: 0 }, { etag: '"0"' })),
      route('GET', '/settings/retention/preview', ({ query }) => ({ since: AT, leads: Number(query.get('quiet_days')) >= 400 ? 3 : 12 })),
      change('PUT', '/settings/retention', ({ body }) => {
        this.retention = body;
        return new Reply(200, { name: 'retention', value: body, version: 1 }, { etag: '"1"' });
      }),
      route('GET', '/settings/general', () => new Reply(200, { name: 'general', value: this.general, version: 1 }, { etag: '"1"' })),
      change('PUT', '/settings/general', ({ body }) => {
        this.general = body;
        return new Reply(200, { name: 'general', value: body, version: 2 }, { etag: '"2"' });
      }),
      route('GET', '/audit', ({ query }) => {
        const fits = (one: Entry) => (['actor', 'action', 'object'] as const).every((key) => !query.get(key) || one[key] === query.get(key));
        const from = Number(query.get('cursor') ?? 0);
        const found = this.trail.filter(fits).slice(from, from + 50);
        return { entries: found, next: from + 50 < this.trail.filter(fits).length ? String(from + 50) : null };
      }),
      route('GET', '/audit/verify', () => ({ is_whole: true, seq: this.trail.length, hash: 'abc123', fault: null })),
      route('GET', '/me/sessions', () => this.sessions),
      change('DELETE', '/me/sessions/:id', ({ parts }) => {
        this.sessions = this.sessions.filter((one) => one.id !== parts['id']);
        return gone();
      }),
      change('DELETE', '/me/sessions', () => {
        this.sessions = this.sessions.filter((one) => one.is_this);
        return gone();
      }),
      change('PUT', '/me/password', ({ body, mock }) => (body.current === 'right' ? mock.user : problem(401, 'wrong_password', 'the present password is wrong'))),
    ];
  }
}

export function entry(seq: number, action: string, object: string, before: unknown, after: unknown): Entry {
  return { seq, at: AT, actor: 'user:u1', action, object, before, after, hash: `h${seq}` };
}
