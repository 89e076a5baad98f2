export default {
  actor: 'Who',
  action: 'What',
  object: 'To what',
  change: 'Before and after',
  all_actions: 'Everything',
  all_actors: 'Everybody',
  verify: 'Verify the trail',
  trail_whole: 'The trail is whole: all {seq} entries are as they were written. Its last hash, to be kept elsewhere:',
  trail_broken: 'The trail is not what was written: entry {seq} ({fault}).',
  no_entries: 'Nothing fits.',
} as const;
