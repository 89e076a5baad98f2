export default {
  new_segment: 'Segmento nuevo',
  condition: 'Condición',
  condition_hint: 'Como «when» en un modelo: trait, event, all, any, not.',
  examples: 'Ejemplos',
  example_country: 'país',
  example_pricing: 'miró los precios',
  example_both: 'empresa y descarga',
  example_quiet: 'callados',
  leads_now: { one: 'lead ahora', other: 'leads ahora' },
  no_segments: 'Aún no hay segmentos.',
  remove_segment_title: '¿Eliminar {name}?',
  remove_segment_text: 'Desaparecen el nombre y su condición. Ningún lead.',
} as const;
