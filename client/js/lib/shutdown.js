// The graceful shutdown of one worker, in three steps: drain (no new unit), cancel (the running unit ends), and, after
// a last timeout, expire (requests to the pool end).

/** @typedef {import("./timers.js").Clock} Clock */

/** Seconds between cancel and expiry: enough to give leases back. */
const EXPIRE_AFTER = 5;

export class Shutdown {
  #clock;
  #draining = new AbortController();
  #cancelled = new AbortController();
  #expired = new AbortController();
  #deadline = Infinity;
  #cancelTimer = () => {};

  /** @param {Clock} clock */
  constructor(clock) {
    this.#clock = clock;
  }

  /** Aborts when no new unit may start. */
  get draining() {
    return this.#draining.signal;
  }

  /** Aborts when the running unit must end. */
  get cancelled() {
    return this.#cancelled.signal;
  }

  /** Aborts when requests must end. */
  get expired() {
    return this.#expired.signal;
  }

  /**
   * Starts no new unit, and cancels the running one after the grace period. Of several deadlines the earliest counts.
   * @param {number} grace in seconds
   */
  drain(grace) {
    this.#draining.abort();
    const deadline = this.#clock.now() + grace * 1000;
    if (this.cancelled.aborted || deadline >= this.#deadline) return;
    this.#deadline = deadline;
    if (grace > 0) this.#setTimer(grace, () => this.cancel());
    else this.cancel();
  }

  cancel() {
    this.#draining.abort();
    if (this.cancelled.aborted) return;
    this.#cancelled.abort();
    this.#setTimer(EXPIRE_AFTER, () => this.#expired.abort());
  }

  /** Lifts the deadline of a drain: the running unit may take as long as it needs. The worker still ends after it. */
  clearDeadline() {
    if (this.cancelled.aborted) return;
    this.#deadline = Infinity;
    this.#cancelTimer();
  }

  /** The worker has ended: cancels the timer. */
  dispose() {
    this.#cancelTimer();
  }

  /** @param {number} seconds @param {() => void} callback */
  #setTimer(seconds, callback) {
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(seconds * 1000, callback);
  }
}
