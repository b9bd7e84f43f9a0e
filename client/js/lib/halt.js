// How a worker is ended: gently, then at once; what is under way with the pool then has a last moment.

/** @typedef {import("./waiting.js").Clock} Clock */

/** For giving leases back when all is to end at once. */
const LAST_SECONDS = 5;

export class Halt {
  #clock;
  #easing = new AbortController();
  #ended = new AbortController();
  #last = new AbortController();
  #due = Infinity;
  #cancelTimer = () => {};

  /** @param {Clock} clock */
  constructor(clock) {
    this.#clock = clock;
  }

  /** Given when no new unit is wanted. */
  get easing() {
    return this.#easing.signal;
  }

  /** Given when the unit at hand is to end. */
  get ended() {
    return this.#ended.signal;
  }

  /** Given when the pool is to be waited for no longer. */
  get last() {
    return this.#last.signal;
  }

  /**
   * Wants no new unit; the one at hand may go on for so many seconds. Of several such words the strictest holds.
   * @param {number} grace
   */
  ease(grace) {
    this.#easing.abort();
    const due = this.#clock.now() + grace * 1000;
    if (this.ended.aborted || due >= this.#due) return;
    this.#due = due;
    if (grace > 0) this.#after(grace, () => this.end());
    else this.end();
  }

  /** Ends the unit at hand. */
  end() {
    this.#easing.abort();
    if (this.ended.aborted) return;
    this.#ended.abort();
    this.#after(LAST_SECONDS, () => this.#last.abort());
  }

  /** The unit at hand may go on after all, as long as it takes. */
  reprieve() {
    if (this.ended.aborted) return;
    this.#due = Infinity;
    this.#cancelTimer();
  }

  /** It is over: no timer is left behind. */
  over() {
    this.#cancelTimer();
  }

  /** @param {number} seconds @param {() => void} callback */
  #after(seconds, callback) {
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(seconds * 1000, callback);
  }
}
