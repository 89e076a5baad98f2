/** Imports: a file with four rows, one of them wrong. */
import type { ImportView, Mapping, Preview } from '../../src/screens/imports/types.ts';
import { problem, Reply, route, type Route } from './route.ts';
import type { Mock } from './server.ts';

const AT = '2026-11-25T09:00:00Z';

const MAPPING: Mapping = {
  columns: { Correo: { as: 'email' }, Empresa: { as: 'trait', path: 'company.name' }, Alta: { as: 'created_at' }, Notas: { as: 'ignore' } },
  others: 'ignore',
  decimal_comma: false,
};

export class Files {
  imports: ImportView[] = [];
  preview: Preview = {
    format: 'csv',
    sheets: [],
    columns: [
      { name: 'Correo', usage: { as: 'email' }, reason: '"Correo" is called so in English, Spanish or Romanian', confidence: 90 },
      { name: 'Empresa', usage: { as: 'trait', path: 'company.name' }, reason: '"Empresa" is called so in English, Spanish or Romanian', confidence: 90 },
      { name: 'Alta', usage: { as: 'created_at' }, reason: 'it has instants', confidence: 60 },
      { name: 'Notas', usage: { as: 'ignore' }, reason: 'nothing is known of it', confidence: 0 },
    ],
    rows: [
      ['ana@hotel.example', 'Hotel Sol', '03/04/2026', null],
      ['bad-address', '<img src=x onerror="window.owned=1">', '', 'x'],
    ],
    rejects: [],
    mapping: MAPPING,
    needs_zone: true,
    needs_date_order: true,
  };
  /** What columns meant in the last file. */
  remembered: Mapping | null = null;
  uploaded: { name: string | null; bytes: number }[] = [];
  mapped: Mapping[] = [];

  add(id: string, state: ImportView['state'], more: Partial<ImportView> = {}): ImportView {
    const made: ImportView = {
      id,
      name: `${id}.csv`,
      format: 'csv',
      state,
      mapping: this.remembered ?? MAPPING,
      total: null,
      settled: 0,
      taken: 0,
      rejected: 0,
      repeated: 0,
      failure: null,
      created_by: 'user:u1',
      created_at: AT,
      started_at: null,
      finished_at: null,
      undone_at: null,
      ...more,
    };
    this.imports.unshift(made);
    return made;
  }

  /** An import comes further, and whoever watches hears of its state. */
  go(mock: Mock, id: string, change: Partial<ImportView>): void {
    const found = this.imports.find((one) => one.id === id);
    if (!found) throw new Error(`no import ${id}`);
    Object.assign(found, change);
    mock.tell({ kind: 'import', import: id, state: found.state });
  }

  routes(): Route[] {
    const of = (id: string | undefined) => this.imports.find((one) => one.id === id);
    const set = (path: string, change: Partial<ImportView>) => route('POST', `/imports/:id/${path}`, ({ parts }) => Object.assign(of(parts['id']) ?? {}, change));
    return [
      route('GET', '/imports', () => ({ imports: this.imports, next: null })),
      route('POST', '/imports', ({ query, bytes }) => {
        this.uploaded.push({ name: query.get('name'), bytes: bytes.length });
        if (query.get('name')?.endsWith('.exe')) return problem(422, 'unreadable', 'this is no table: send CSV, Excel, NDJSON or Parquet');
        return new Reply(201, this.add('new', 'previewed', { name: query.get('name') ?? '' }));
      }),
      route('GET', '/imports/:id', ({ parts }) => of(parts['id']) ?? problem(404, 'not_found', 'there is no such import')),
      route('GET', '/imports/:id/preview', () => this.preview),
      route('PUT', '/imports/:id/mapping', ({ parts, body }) => {
        this.mapped.push(body);
        return Object.assign(of(parts['id']) ?? {}, { mapping: body });
      }),
      set('start', { state: 'running', total: 4, settled: 1, taken: 1 }),
      set('pause', { state: 'paused' }),
      set('resume', { state: 'running' }),
      set('undo', { state: 'undone', undone_at: AT }),
      route('GET', '/imports/:id/rejects', ({ query }) => {
        const all = Array.from({ length: 120 }, (_, at) => ({ row: at + 2, code: 'unreadable', message: `Correo: "bad-${at}" is no address` }));
        const rejected = this.imports[0]?.rejected ?? 0;
        return all.slice(0, rejected).filter((one) => one.row > Number(query.get('after') ?? -1)).slice(0, Number(query.get('limit') ?? 50));
      }),
    ];
  }
}
