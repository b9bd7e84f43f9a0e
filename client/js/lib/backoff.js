// Delays between retries, in seconds. All have jitter: volunteers that a pool turned away together must not return
// together.

export const MAX_DELAY = 60;
export const DEFAULT_DELAY = 5;
const MIN_DELAY = 0.1;
/** The longest Retry-After that is honoured. */
const MAX_RETRY_AFTER = 3600;

/** @param {number} min @param {number} max */
const randomBetween = (min, max) => min + Math.random() * (max - min);

/**
 * A delay within 20 % of `seconds`, clamped.
 * @param {number} [seconds]
 */
export const jittered = (seconds = DEFAULT_DELAY) =>
  Math.min(Math.max(seconds, MIN_DELAY), MAX_DELAY) * randomBetween(0.8, 1.2);

/**
 * A delay that honours Retry-After: never shorter, up to 20 % longer.
 * @param {number | null} retryAfter in seconds; null: the default delay
 */
export const retryAfterDelay = (retryAfter) =>
  retryAfter === null
    ? jittered()
    : Math.min(Math.max(retryAfter, MIN_DELAY), MAX_RETRY_AFTER) * randomBetween(1, 1.2);

/** Exponential backoff: each delay is twice the one before it. */
export class Backoff {
  #first;
  #failures = 0;

  constructor(first = 0.5) {
    this.#first = first;
  }

  /** Failures in a row. */
  get failures() {
    return this.#failures;
  }

  /**
   * Counts a failure; returns the delay before the next attempt, in seconds.
   * @param {number | null} [retryAfter] the least, in seconds
   */
  next(retryAfter = null) {
    const delay = jittered(this.#first * 2 ** this.#failures);
    this.#failures += 1;
    return retryAfter === null ? delay : Math.max(delay, retryAfterDelay(retryAfter));
  }

  reset() {
    this.#failures = 0;
  }
}
