/** Where the list was left, with its filters: the way back from a lead leads there. */
export const last = { address: '/' };
