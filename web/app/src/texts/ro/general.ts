export default {
  organisation: 'Numele organizației',
  organisation_hint: 'Apare în meniu, ca nimeni să nu confunde o instalare cu alta.',
  zone: 'Fus orar',
  zone_hint: 'Importurile îl propun pentru orele fără fus orar.',
  zone_none: 'nesetat',
  retention: 'Lead-uri despre care nu se mai știe nimic',
  retention_about: 'Cine nu a mai dat niciun semn de mult timp și nu a fost niciodată client poate fi uitat automat: faptele, numele și scorurile dispar definitiv. Dacă revine, este cineva nou. Clienții se păstrează.',
  retention_on: 'Uită-i',
  retention_days: 'Zile fără niciun fapt',
  retention_days_hint: 'De la 30 la 3650. Doi ani înseamnă 730.',
  retention_now: { one: 'lead ar fi uitat acum', few: 'lead-uri ar fi uitate acum', other: 'de lead-uri ar fi uitate acum' },
  retention_save: 'Salvează termenul',
} as const;
