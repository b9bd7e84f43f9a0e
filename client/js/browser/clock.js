// The clock of a page: timers in a worker, which run on time in a background tab. Falls back to the page's own timers
// if the worker can't start, as on a page that imports this module from another origin, or in a bundle without it.
import { MAX_TIMEOUT } from "../lib/timers.js";
import { address } from "./clock-worker-address.js";

/** @typedef {{due: number, callback: () => void}} Timer */

/**
 * The worker has one timer, for the first of those that are due: a short unit sets several timers and cancels them again,
 * and messages about each would take as long as the rest of it.
 */
export class Clock {
  /** @type {Worker | undefined} */
  #worker;
  /** @type {Set<Timer>} */
  #timers = new Set();
  /** When the worker posts its message; Infinity: never. */
  #wake = Infinity;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #fallback;

  constructor() {
    try {
      this.#worker = address && new Worker(address);
      this.#worker?.addEventListener("message", () => this.#fire());
      this.#worker?.addEventListener("error", () => this.#fallBack());
    } catch {
      this.#worker = undefined;
    }
  }

  /** Monotonic, in milliseconds. */
  now() {
    return performance.now();
  }

  /**
   * @param {number} milliseconds
   * @param {() => void} callback called once
   * @returns {() => void} cancels
   */
  after(milliseconds, callback) {
    const timer = { due: this.now() + milliseconds, callback };
    this.#timers.add(timer);
    this.#wakeBefore(timer.due);
    return () => void this.#timers.delete(timer);
  }

  /** @param {number} due */
  #wakeBefore(due) {
    if (due >= this.#wake) return;
    this.#wake = due;
    const timeout = Math.min(Math.max(due - this.now(), 0), MAX_TIMEOUT);
    if (this.#worker) {
      this.#worker.postMessage(timeout);
    } else {
      clearTimeout(this.#fallback);
      this.#fallback = setTimeout(() => this.#fire(), timeout);
    }
  }

  #fire() {
    this.#wake = Infinity;
    // A millisecond may be rounding. Beyond MAX_TIMEOUT a timer is not due yet.
    const limit = this.now() + 1;
    const due = [...this.#timers].filter((timer) => timer.due <= limit).sort((one, other) => one.due - other.due);
    for (const timer of due) if (this.#timers.delete(timer)) call(timer);
    for (const timer of this.#timers) this.#wakeBefore(timer.due);
  }

  #fallBack() {
    if (!this.#worker) return;
    this.#worker.terminate();
    this.#worker = undefined;
    this.#wake = Infinity;
    for (const timer of this.#timers) this.#wakeBefore(timer.due);
  }
}

/** An error must not keep the other timers from running. @param {Timer} timer */
function call({ callback }) {
  try {
    callback();
  } catch (ex) {
    reportError(ex);
  }
}
