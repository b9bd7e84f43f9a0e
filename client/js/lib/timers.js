// Delays and timeouts that an AbortSignal ends early.

/**
 * @typedef {object} Clock
 * @property {(milliseconds: number, callback: () => void) => () => void} after calls back once; returns a function that
 *   cancels
 * @property {() => number} now monotonic, in milliseconds
 */

/** The longest timeout that `setTimeout` takes, in milliseconds: a longer one fires at once. */
export const MAX_TIMEOUT = 2 ** 31 - 1;

/**
 * The clock of the JavaScript engine.
 * @type {Clock}
 */
export const systemClock = {
  after(milliseconds, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(milliseconds, 0), MAX_TIMEOUT));
    return () => clearTimeout(timer);
  },
  now: () => performance.now(),
};

/**
 * Resolves after a delay, or when one of the signals aborts; never rejects.
 * @param {Clock} clock
 * @param {number} milliseconds
 * @param {...(AbortSignal | undefined)} signals
 * @returns {Promise<void>}
 */
export async function delay(clock, milliseconds, ...signals) {
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
 * Resolves after a delay; rejects with the signal's reason when that aborts first.
 * @param {number} milliseconds
 * @param {AbortSignal} [signal]
 * @param {Clock} [clock]
 */
export async function sleep(milliseconds, signal, clock = systemClock) {
  await delay(clock, milliseconds, signal);
  signal?.throwIfAborted();
}

/**
 * Settles as a promise does, or rejects when the signal aborts first.
 * @template Value
 * @param {Promise<Value>} promise
 * @param {AbortSignal} signal
 * @param {() => Error} reason
 * @returns {Promise<Value>}
 */
export function abortable(promise, signal, reason) {
  return new Promise((resolve, reject) => {
    const abort = () => reject(reason());
    const unsubscribe = () => signal.removeEventListener("abort", abort);
    signal.addEventListener("abort", abort);
    promise.finally(unsubscribe).then(resolve, reject);
    if (signal.aborted) abort();
  });
}

/** A signal that aborts with another one, or when `restart` has not been called for too long: an idle timeout. */
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

  /** Whether the timeout, not the outer signal, ended it. */
  get expired() {
    return this.#expired;
  }

  restart() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#expired = true;
      this.#abort();
    }, this.#milliseconds);
  }

  /** Stops the timer, leaves the outer signal, and aborts what still goes on. */
  stop() {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener("abort", this.#abort);
    this.#abort();
  }
}
