// The processor time of one worker after the other, at most: all the time in which it could run, that is, from its start
// to its end without the time for which it was frozen. Browsers tell no page what a worker really uses.

/** @typedef {import("./clock.js").Clock} Clock */

export class Usage {
  #clock;
  #used = 0;
  /** Used until here; in the future while the worker is frozen. */
  #counted = Infinity;

  /** @param {Clock} clock */
  constructor(clock) {
    this.#clock = clock;
  }

  /** Milliseconds for which the worker is still frozen. */
  get frozen() {
    return this.#counted === Infinity ? 0 : Math.max(0, this.#counted - this.#clock.now());
  }

  start() {
    this.#count();
    this.#counted = this.#clock.now();
  }

  /** The worker is frozen from now on. @param {number} milliseconds @param {number} [cost] those that freezing takes */
  freeze(milliseconds, cost = 0) {
    this.#count();
    this.#used += cost;
    this.#counted = this.#clock.now() + milliseconds;
  }

  /** @param {number} [lingering] milliseconds for which the worker goes on nevertheless */
  end(lingering = 0) {
    this.#count();
    this.#used += lingering;
    this.#counted = Infinity;
  }

  /** Milliseconds since the last call. */
  take() {
    this.#count();
    const used = this.#used;
    this.#used = 0;
    return used;
  }

  #count() {
    const now = this.#clock.now();
    if (now <= this.#counted) return;
    this.#used += now - this.#counted;
    this.#counted = now;
  }
}
