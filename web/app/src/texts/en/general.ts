export default {
  organisation: 'Name of the organisation',
  organisation_hint: 'It stands in the menu, so that nobody mistakes one installation for another.',
  zone: 'Time zone',
  zone_hint: 'Imports propose it for times without a zone.',
  zone_none: 'not set',
} as const;
