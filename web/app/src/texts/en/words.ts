export default {
  marketing_qualified: 'Marketing qualified',
  sales_qualified: 'Sales qualified',
  noStage: 'No stage',
  disqualified: 'Disqualified',
  fit: 'Fit',
  engagement: 'Engagement',
  reached: 'the score reached the threshold',
  fast_track: 'a fast track leads there',
  fell: 'the score fell below the threshold',
  rejected: 'sales rejected it',
  wasDisqualified: 'disqualified',
} as const;
