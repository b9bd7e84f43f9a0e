// The share of the time that a worker uses, as a token bucket: what it uses beyond its share is owed as rest.

/** Milliseconds of unused rest that count later: they make up for short waits, such as that for a response. */
const MAX_CREDIT = 1000;

export class DutyCycle {
  #used = 0;
  #idle = 0;
  #recorded;

  /** @param {number} now in milliseconds */
  constructor(now) {
    this.#recorded = now;
  }

  /**
   * @param {number} used milliseconds of processor time since the last record; may exceed the time that has passed,
   *   since processes compute at the same time
   * @param {number} now
   */
  record(used, now) {
    this.#used += used;
    this.#idle += now - this.#recorded - used;
    this.#recorded = now;
  }

  /**
   * Milliseconds of rest that are owed. The share may change in between: what was used and the rest are kept apart.
   * @param {number} share above 0, at most 1
   */
  owed(share) {
    const owed = this.#used * (1 / share - 1) - this.#idle;
    if (owed > 0 && share < 1) return owed;
    this.#used = 0;
    this.#idle = Math.min(Math.max(-owed, 0), MAX_CREDIT);
    return 0;
  }
}
