// When a batch that was not taken is tried again. Pure.

/** The longest pause between two attempts, in milliseconds. */
const PAUSE_MS_MAX = 3e5;

/**
 * Whether a batch is to be sent again: too slow, too early, too many, or something that the server will get over.
 * @param status of the answer; 0 where there was none.
 */
export function mayPass(status: number): boolean {
  return /^[05]|408|42[59]/.test(`${status}`);
}

/**
 * The pause before the next attempt, in milliseconds.
 * @param retryAfter seconds that the server asks for; 0 where it does not.
 * @param failures how many attempts in a row failed before this one.
 * @param random from 0 to 1, so that a thousand browsers do not come back in the same second.
 */
export function pauseAfter(retryAfter: number | undefined, failures: number, random: number): number {
  return Math.min(PAUSE_MS_MAX, 1e3 * Math.max(retryAfter || 0, 2 ** failures)) * (1 + random / 2);
}
