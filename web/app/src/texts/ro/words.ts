export default {
  marketing_qualified: 'Calificat de marketing',
  sales_qualified: 'Calificat de vânzări',
  noStage: 'Fără etapă',
  disqualified: 'Descalificat',
  fit: 'Potrivire',
  engagement: 'Interes',
  reached: 'scorul a atins pragul',
  fast_track: 'o cale rapidă duce acolo',
  fell: 'scorul a scăzut sub prag',
  rejected: 'vânzările l-au respins',
  wasDisqualified: 'a fost descalificat',
} as const;
