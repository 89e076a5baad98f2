export default {
  new_segment: 'New segment',
  condition: 'Condition',
  condition_hint: 'As “when” in a model: trait, event, all, any, not.',
  examples: 'Examples',
  example_country: 'country',
  example_pricing: 'looked at prices',
  example_both: 'company and download',
  example_quiet: 'gone quiet',
  leads_now: { one: 'lead now', other: 'leads now' },
  no_segments: 'No segment yet.',
  remove_segment_title: 'Remove {name}?',
  remove_segment_text: 'The name and its condition are gone. No lead is.',
} as const;
