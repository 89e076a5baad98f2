export default {
  actor: 'Cine',
  action: 'Ce',
  object: 'Asupra cui',
  change: 'Înainte și după',
  all_actions: 'Tot',
  all_actors: 'Toți',
  verify: 'Verifică jurnalul',
  trail_whole: 'Jurnalul este întreg: toate cele {seq} înregistrări sunt cum au fost scrise. Ultimul lui hash, de păstrat în altă parte:',
  trail_broken: 'Jurnalul nu este cel scris: înregistrarea {seq} ({fault}).',
  no_entries: 'Nimic nu se potrivește.',
} as const;
