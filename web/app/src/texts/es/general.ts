export default {
  organisation: 'Nombre de la organización',
  organisation_hint: 'Aparece en el menú, para que nadie confunda una instalación con otra.',
  zone: 'Zona horaria',
  zone_hint: 'Las importaciones la proponen para las horas sin zona.',
  zone_none: 'sin definir',
  retention: 'Leads de los que no se sabe nada',
  retention_about: 'Quien lleva mucho tiempo sin dar señales y nunca fue cliente puede olvidarse automáticamente: sus hechos, nombres y puntuaciones desaparecen para siempre. Si vuelve, será alguien nuevo. Los clientes se conservan.',
  retention_on: 'Olvidarlos',
  retention_days: 'Días sin ningún hecho',
  retention_days_hint: 'De 30 a 3650. Dos años son 730.',
  retention_now: { one: 'lead se olvidaría ahora', other: 'leads se olvidarían ahora' },
  retention_save: 'Guardar el plazo',
} as const;
