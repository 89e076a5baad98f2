export default {
  new_segment: 'Segment nou',
  condition: 'Condiție',
  condition_hint: 'Ca „when” într-un model: trait, event, all, any, not.',
  examples: 'Exemple',
  example_country: 'țară',
  example_pricing: 's-a uitat la prețuri',
  example_both: 'firmă și descărcare',
  example_quiet: 'tăcuți',
  leads_now: { one: 'lead acum', few: 'lead-uri acum', other: 'de lead-uri acum' },
  no_segments: 'Încă niciun segment.',
  remove_segment_title: 'Eliminați {name}?',
  remove_segment_text: 'Dispar numele și condiția. Niciun lead.',
} as const;
