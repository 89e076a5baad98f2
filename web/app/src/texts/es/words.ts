export default {
  marketing_qualified: 'Cualificado por marketing',
  sales_qualified: 'Cualificado por ventas',
  noStage: 'Sin etapa',
  disqualified: 'Descartado',
  fit: 'Encaje',
  engagement: 'Interés',
  reached: 'la puntuación alcanzó el umbral',
  fast_track: 'una vía rápida lleva hasta ahí',
  fell: 'la puntuación cayó por debajo del umbral',
  rejected: 'ventas lo rechazó',
  wasDisqualified: 'quedó descartado',
} as const;
