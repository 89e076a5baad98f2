export default {
  organisation: 'Name of the organisation',
  organisation_hint: 'It stands in the menu, so that nobody mistakes one installation for another.',
  zone: 'Time zone',
  zone_hint: 'Imports propose it for times without a zone.',
  zone_none: 'not set',
  retention: 'Leads of whom nothing is heard',
  retention_about: 'Who has not been heard of for long and never became a customer can be forgotten by itself: facts, names and scores are gone for good. Who comes back is somebody new. Customers are kept.',
  retention_on: 'Forget them',
  retention_days: 'Days without any fact',
  retention_days_hint: 'From 30 to 3,650. Two years are 730.',
  retention_now: { one: 'lead would be forgotten now', other: 'leads would be forgotten now' },
  retention_save: 'Save how long',
} as const;
