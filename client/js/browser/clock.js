// The clock of a page: timers in a worker, which run on time in a background tab. Falls back to the page's own timers
// if the worker can't start, as on a page that imports this module from another origin, or in a bundle without it.
import { MAX_TIMEOUT } from "../lib/timers.js";
import { address } from "./clock-worker-address.js";

/** @typedef {{due: number, callback: () => void, fallback?: ReturnType<typeof setTimeout>}} Timer */

export class Clock {
  /** @type {Worker | undefined} */
  #worker;
  /** @type {Map<number, Timer>} */
  #timers = new Map();
  #lastId = 0;

  constructor() {
    try {
      this.#worker = address && new Worker(address);
      this.#worker?.addEventListener("message", ({ data }) => this.#fire(data));
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
    const id = ++this.#lastId;
    this.#timers.set(id, { due: this.now() + milliseconds, callback });
    this.#set(id, milliseconds);
    return () => this.#cancel(id);
  }

  /** @param {number} id @param {number} milliseconds */
  #set(id, milliseconds) {
    const timeout = Math.min(Math.max(milliseconds, 0), MAX_TIMEOUT);
    if (this.#worker) {
      this.#worker.postMessage({ id, milliseconds: timeout });
      return;
    }
    const timer = this.#timers.get(id);
    if (timer) timer.fallback = setTimeout(() => this.#fire(id), timeout);
  }

  /** @param {number} id */
  #fire(id) {
    const timer = this.#timers.get(id);
    if (!timer) return;
    const remaining = timer.due - this.now();
    // Beyond MAX_TIMEOUT a timer is set several times. A millisecond may be rounding.
    if (remaining > 1) {
      this.#set(id, remaining);
      return;
    }
    this.#timers.delete(id);
    timer.callback();
  }

  /** @param {number} id */
  #cancel(id) {
    const timer = this.#timers.get(id);
    if (!timer) return;
    clearTimeout(timer.fallback);
    this.#timers.delete(id);
    this.#worker?.postMessage({ id });
  }

  #fallBack() {
    if (!this.#worker) return;
    this.#worker.terminate();
    this.#worker = undefined;
    for (const [id, { due }] of this.#timers) this.#set(id, due - this.now());
  }
}
