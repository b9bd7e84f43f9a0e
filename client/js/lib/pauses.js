// When to try again: pauses in seconds, jittered, since volunteers that were sent away together are to come back apart.

export const LONGEST_PAUSE = 60;
export const USUAL_PAUSE = 5;
const SHORTEST_PAUSE = 0.1;
/** What a pool may ask for at most. */
const LONGEST_ASKED = 3600;

/** @param {number} least @param {number} most */
const between = (least, most) => least + Math.random() * (most - least);

/**
 * About so many seconds, within bounds.
 * @param {number} [seconds]
 */
export const jittered = (seconds = USUAL_PAUSE) =>
  Math.min(Math.max(seconds, SHORTEST_PAUSE), LONGEST_PAUSE) * between(0.8, 1.2);

/**
 * What the pool asked for and a little more; the usual time where it didn't say.
 * @param {number | null} asked
 */
export const asAsked = (asked) =>
  asked === null ? jittered() : Math.min(Math.max(asked, SHORTEST_PAUSE), LONGEST_ASKED) * between(1, 1.2);

/** Pauses that double from one to the next. */
export class Backoff {
  #first;
  #failures = 0;

  constructor(first = 0.5) {
    this.#first = first;
  }

  /** How often in a row it has failed. */
  get failures() {
    return this.#failures;
  }

  /**
   * The next pause, no shorter than what was asked for.
   * @param {number | null} [asked]
   */
  next(asked = null) {
    const own = jittered(this.#first * 2 ** this.#failures);
    this.#failures += 1;
    return asked === null ? own : Math.max(own, asAsked(asked));
  }

  /** Begins anew after a success. */
  reset() {
    this.#failures = 0;
  }
}
