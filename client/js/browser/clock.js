// The clock of a page: timers by a worker of its own; by the page itself where no such worker can be had, as on a page
// that imports this module from another origin.

/** The longest time that a timer takes, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

/** Timers that go on in a background tab. */
export class Clock {
  /** @type {Worker | undefined} */
  #worker;
  /** @type {Map<number, {due: number, callback: () => void, timer?: ReturnType<typeof setTimeout>}>} */
  #waiting = new Map();
  #last = 0;

  constructor() {
    try {
      this.#worker = new Worker(new URL("./clock-worker.js", import.meta.url));
      this.#worker.addEventListener("message", ({ data }) => this.#ring(data));
      this.#worker.addEventListener("error", () => this.#fallBack());
    } catch {
      this.#worker = undefined;
    }
  }

  /** Milliseconds of a clock that never goes back. */
  now() {
    return performance.now();
  }

  /**
   * Calls back once after so many milliseconds.
   * @param {number} milliseconds
   * @param {() => void} callback
   * @returns {() => void} takes it back
   */
  after(milliseconds, callback) {
    const id = ++this.#last;
    this.#waiting.set(id, { due: this.now() + milliseconds, callback });
    this.#set(id, milliseconds);
    return () => this.#cancel(id);
  }

  /** @param {number} id @param {number} milliseconds */
  #set(id, milliseconds) {
    const within = Math.min(Math.max(milliseconds, 0), LONGEST);
    if (this.#worker) {
      this.#worker.postMessage({ id, milliseconds: within });
      return;
    }
    const waiting = this.#waiting.get(id);
    if (waiting) waiting.timer = setTimeout(() => this.#ring(id), within);
  }

  /** @param {number} id */
  #ring(id) {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    const left = waiting.due - this.now();
    // Timers round: what is a millisecond early is on time.
    if (left > 1) {
      this.#set(id, left);
      return;
    }
    this.#waiting.delete(id);
    waiting.callback();
  }

  /** @param {number} id */
  #cancel(id) {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    clearTimeout(waiting.timer);
    this.#waiting.delete(id);
    this.#worker?.postMessage({ id });
  }

  #fallBack() {
    if (!this.#worker) return;
    this.#worker.terminate();
    this.#worker = undefined;
    for (const [id, { due }] of this.#waiting) this.#set(id, due - this.now());
  }
}
