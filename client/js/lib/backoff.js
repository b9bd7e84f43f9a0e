// Delays between retries, in seconds. All have jitter: volunteers that a pool turned away together must not return
// together.
import { isRetryable, POLICY, retryAfterOf } from "./retry-policy.js";

/** @param {number} min @param {number} max */
const randomBetween = (min, max) => min + Math.random() * (max - min);

/** @param {number} seconds @param {number} max */
const clamped = (seconds, max) => Math.min(Math.max(seconds, POLICY.minDelay), max);

/**
 * Twice as long after each failure.
 * @param {number} first @param {number} failures after the first @param {number} max
 */
export const exponential = (first, failures, max) => Math.min(first * 2 ** failures, max);

/**
 * A delay around `seconds`, clamped.
 * @param {number} [seconds]
 */
export const jittered = (seconds = POLICY.defaultDelay) =>
  clamped(seconds, POLICY.maxDelay) * randomBetween(1 - POLICY.jitter, 1 + POLICY.jitter);

/**
 * A delay that honours Retry-After: never shorter, somewhat longer.
 * @param {number | null} retryAfter in seconds; null: the default delay
 */
export const retryAfterDelay = (retryAfter) =>
  retryAfter === null
    ? jittered()
    : clamped(retryAfter, POLICY.maxRetryAfter) * randomBetween(1, 1 + POLICY.jitter);

/**
 * The delay between two attempts of a call; undefined if the error is final, or its Retry-After too long for a caller
 * to be blocked.
 * @param {unknown} ex
 * @param {number} attempt counted from 1
 * @param {number} firstDelay
 */
export const callDelay = (ex, attempt, firstDelay) =>
  isRetryable(ex) ? attemptDelay(ex, attempt, firstDelay) : undefined;

/**
 * The delay of `callDelay` after any error.
 * @param {unknown} ex
 * @param {number} attempt counted from 1
 * @param {number} firstDelay
 */
export function attemptDelay(ex, attempt, firstDelay) {
  const retryAfter = retryAfterOf(ex);
  if ((retryAfter ?? 0) > POLICY.callMaxDelay) return undefined;
  // Full jitter: with so few attempts, clients that failed together must spread at once.
  const delay = randomBetween(0, exponential(firstDelay, attempt - 1, POLICY.callMaxDelay));
  return retryAfter === null ? delay : Math.min(Math.max(delay, retryAfterDelay(retryAfter)), POLICY.callMaxDelay);
}

/** Exponential backoff: each delay is twice the one before it. */
export class Backoff {
  #failures = 0;

  /** Failures in a row. */
  get failures() {
    return this.#failures;
  }

  /**
   * Counts a failure; returns the delay before the next attempt, in seconds.
   * @param {number | null} [retryAfter] the least, in seconds
   */
  next(retryAfter = null) {
    const delay = jittered(exponential(POLICY.firstDelay, this.#failures, POLICY.maxDelay));
    this.#failures += 1;
    return retryAfter === null ? delay : Math.max(delay, retryAfterDelay(retryAfter));
  }

  reset() {
    this.#failures = 0;
  }
}
