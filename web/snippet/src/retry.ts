// When a batch that was not taken is tried again. Pure.

/** The batch is done with: taken, or refused for good. */
export const DONE = -1;
/** The longest pause between two attempts, in milliseconds. */
const PAUSE_MS_MAX = 3e5;

/**
 * The pause before the next attempt, in milliseconds, or `DONE`.
 * @param status of the answer; 0 where there was none.
 * @param retryAfter seconds that the server asks for; 0 where it does not.
 * @param failures how many attempts in a row failed before this one.
 * @param random from 0 to 1, so that a thousand browsers do not come back in the same second.
 */
export function pauseAfter(status: number, retryAfter: number, failures: number, random: number): number {
  // Too slow, too early, too many, or something that the server will get over.
  if (!/^(0|408|425|429|5..)$/.test(`${status}`)) return DONE;
  const seconds = Math.max(retryAfter || 0, 2 ** failures);
  return Math.min(PAUSE_MS_MAX, seconds * 1e3) * (1 + random / 2);
}
