export default {
  organisation: 'Nombre de la organización',
  organisation_hint: 'Aparece en el menú, para que nadie confunda una instalación con otra.',
  zone: 'Zona horaria',
  zone_hint: 'Las importaciones la proponen para las horas sin zona.',
  zone_none: 'sin definir',
} as const;
