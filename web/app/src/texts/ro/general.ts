export default {
  organisation: 'Numele organizației',
  organisation_hint: 'Apare în meniu, ca nimeni să nu confunde o instalare cu alta.',
  zone: 'Fus orar',
  zone_hint: 'Importurile îl propun pentru orele fără fus orar.',
  zone_none: 'nesetat',
} as const;
