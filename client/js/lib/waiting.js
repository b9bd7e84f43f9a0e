// Waits that end early when a signal says so.

/**
 * @typedef {object} Clock
 * @property {(milliseconds: number, callback: () => void) => () => void} after calls back once; returns what takes it
 *   back
 * @property {() => number} now milliseconds that never go back
 */

/** The longest time that a timer takes, in milliseconds; a longer one would end at once. */
const LONGEST = 2 ** 31 - 1;

/**
 * The clock of whoever runs this, where there is no better one.
 * @type {Clock}
 */
export const plainClock = {
  after(milliseconds, callback) {
    const timer = setTimeout(callback, Math.min(milliseconds, LONGEST));
    return () => clearTimeout(timer);
  },
  now: () => performance.now(),
};

/**
 * Waits so long, or until one of the signals is given; never rejects.
 * @param {Clock} clock
 * @param {number} milliseconds
 * @param {...(AbortSignal | undefined)} signals
 * @returns {Promise<void>}
 */
export async function pause(clock, milliseconds, ...signals) {
  if (signals.some((signal) => signal?.aborted)) return;
  await new Promise((resolve) => {
    const end = () => {
      cancel();
      for (const signal of signals) signal?.removeEventListener("abort", end);
      resolve(undefined);
    };
    const cancel = clock.after(milliseconds, end);
    for (const signal of signals) signal?.addEventListener("abort", end);
  });
}

/**
 * Waits so long; rejects with the signal's reason when that is given first.
 * @param {number} milliseconds
 * @param {AbortSignal} [signal]
 * @param {Clock} [clock]
 */
export async function sleep(milliseconds, signal, clock = plainClock) {
  await pause(clock, milliseconds, signal);
  signal?.throwIfAborted();
}

/**
 * What a promise comes to; rejects when the signal is given first.
 * @template Value
 * @param {Promise<Value>} promise
 * @param {AbortSignal} signal
 * @param {() => Error} reason
 * @returns {Promise<Value>}
 */
export function unlessAborted(promise, signal, reason) {
  return new Promise((resolve, reject) => {
    const abort = () => reject(reason());
    const settle = () => signal.removeEventListener("abort", abort);
    signal.addEventListener("abort", abort);
    promise.finally(settle).then(resolve, reject);
    if (signal.aborted) abort();
  });
}

/** A signal that is given when another is, or when nothing has happened for too long. */
export class Watchdog {
  #controller = new AbortController();
  #outer;
  #milliseconds;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #abort = () => this.#controller.abort();
  #expired = false;

  /** @param {number} milliseconds @param {AbortSignal} [outer] */
  constructor(milliseconds, outer) {
    this.#milliseconds = milliseconds;
    this.#outer = outer;
    outer?.addEventListener("abort", this.#abort);
    if (outer?.aborted) this.#abort();
    this.restart();
  }

  get signal() {
    return this.#controller.signal;
  }

  /** Whether it was time that ran out. */
  get expired() {
    return this.#expired;
  }

  /** Something has happened: the time begins anew. */
  restart() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#expired = true;
      this.#abort();
    }, this.#milliseconds);
  }

  end() {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener("abort", this.#abort);
  }
}
