/** A company that is made up: leads with Spanish, Romanian and English names, always the same ones. */
import type { LeadItem } from '../../src/api/types.ts';

/** Everything is as of this instant, so that screens look the same every day. */
export const NOW = Date.parse('2026-11-25T10:00:00Z');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export const BRACKETS = ['cold', 'curious', 'warm', 'hot', 'ready'];
export const STAGES = ['marketing_qualified', 'sales_qualified'];
export const MODEL = 'b2b-software';

/** What a lead is called tries to be a program; whatever shows it must show it as text. */
export const HOSTILE = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>`;

const FIRST = {
  ES: ['Lucía', 'Marta', 'Javier', 'Íñigo', 'Carmen', 'Álvaro', 'Núria', 'Sergio', 'Elena', 'Pablo'],
  RO: ['Ioana', 'Andrei', 'Ștefania', 'Mihai', 'Raluca', 'Țuțea', 'Cătălin', 'Anca', 'Bogdan', 'Maria'],
  GB: ['Emma', 'Oliver', 'Grace', 'Harry', 'Charlotte', 'Owen', 'Freya', 'Callum', 'Isla', 'Rhys'],
} as const;
const LAST = {
  ES: ['Marín Martínez', 'Peña Serrano', 'Ortiz Blanco', 'Ibáñez Ruiz', 'Castro Gil', 'Núñez Vidal'],
  RO: ['Constantinescu', 'Bălan', 'Ionescu', 'Șerban', 'Dumitru', 'Țăranu'],
  GB: ['Whitfield', 'Ashworth', 'Bennett', 'Hughes', 'O’Connor', 'Fairclough'],
} as const;
const TRADE = {
  ES: ['seguros', 'consultores', 'diseño', 'logística'],
  RO: ['contabilitate', 'construcții', 'transport', 'consultanță'],
  GB: ['insurance', 'consulting', 'logistics', 'design'],
} as const;

/** Numbers that look random and are the same every time (mulberry32). */
export function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const plain = (text: string) => text.normalize('NFD').replace(/[^a-zA-Z]/g, '').toLowerCase();

export function bracketOf(score: number): string {
  return BRACKETS[Math.min(4, Math.floor(score / 20))] ?? 'cold';
}

export function stageOf(score: number): string | null {
  return score >= 75 ? 'sales_qualified' : score >= 45 ? 'marketing_qualified' : null;
}

/** Gives a lead another score, and whatever follows from it. */
export function rescore(lead: LeadItem, score: number): void {
  lead.score = score;
  lead.fit = Math.min(40, Math.round(score * 0.45));
  lead.engagement = score - lead.fit;
  lead.bracket = bracketOf(score);
  lead.stage = stageOf(score);
  lead.priority = score;
  lead.grade = `${'DCBA'[Math.min(3, Math.floor(lead.fit / 10))]}${4 - Math.min(3, Math.floor(lead.engagement / 15))}`;
}

export function seedLeads(many = 300): LeadItem[] {
  const roll = dice(2026);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(roll() * list.length)] as T;
  const leads: LeadItem[] = [];
  for (let at = 0; at < many; at++) {
    const country = pick(['ES', 'RO', 'GB'] as const);
    const first = pick(FIRST[country]);
    const last = pick(LAST[country]);
    const company = `${plain(last.split(' ')[0] ?? '')}-${plain(pick(TRADE[country]))}.${country.toLowerCase()}.example`;
    const lead: LeadItem = {
      id: `01a2157${(at + 0x1000).toString(16)}-24f6-779b-a458-4932275b1ac2`,
      email: `${plain(first)}.${plain(last)}@${company}`,
      name: at % 17 === 5 ? null : `${first} ${last}`,
      company,
      country,
      owner: at % 9 === 0 ? 'Ana Ionescu' : null,
      created_at: new Date(NOW - DAY * (5 + roll() * 200)).toISOString(),
      last_seen_at: new Date(NOW - HOUR * roll() ** 3 * 900).toISOString(),
      score: 0,
      fit: 0,
      engagement: 0,
      grade: null,
      bracket: null,
      stage: null,
      disqualified: null,
      priority: 0,
      scored_at: new Date(NOW).toISOString(),
    };
    rescore(lead, Math.round(92 * roll() ** 2));
    leads.push(lead);
  }
  const hostile = leads[3];
  if (hostile) {
    hostile.name = HOSTILE;
    hostile.company = `"><script>window.hacked=1</script>`;
    rescore(hostile, 71);
  }
  const out = leads[8];
  if (out) {
    rescore(out, 0);
    out.disqualified = 'Works for a competitor';
  }
  return leads;
}
