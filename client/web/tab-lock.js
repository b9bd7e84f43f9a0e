// A lock between the tabs of a browser, so that one of them computes: in two tabs the chosen number of cores and share
// of the time would be exceeded. Browsers without the Web Locks API, or with it blocked, compute in every tab.

const NAME = "comp-pool";

export class TabLock {
  /** Another tab holds the lock; this one is queued. */
  isHeldElsewhere = false;
  /** @type {(() => void) | null} */
  #release = null;
  /** Aborts the request for the lock; null where none was made. @type {AbortController | null} */
  #request = null;
  #onchange;

  /** @param {() => void} onchange called when the lock was acquired, or is found to be held by another tab */
  constructor(onchange) {
    this.#onchange = onchange;
  }

  get isHeld() {
    return this.#release !== null;
  }

  acquire() {
    if (this.#request) return;
    this.#request = new AbortController();
    void this.#acquireOrQueue(this.#request.signal);
  }

  release() {
    this.#request?.abort();
    this.#release?.();
    this.#request = this.#release = null;
    this.isHeldElsewhere = false;
  }

  /** @param {AbortSignal} signal */
  async #acquireOrQueue(signal) {
    try {
      const isHeld = await navigator.locks.request(NAME, { ifAvailable: true }, (lock) => this.#hold(lock, signal));
      if (!isHeld) await this.#queue(signal);
    } catch {
      this.#setHeld(signal, () => {});
    }
  }

  /** @param {AbortSignal} signal */
  #queue(signal) {
    this.isHeldElsewhere = true;
    this.#onchange();
    return navigator.locks.request(NAME, { signal }, (lock) => this.#hold(lock, signal));
  }

  /**
   * The browser holds the lock until the returned promise settles.
   * @param {Lock | null} lock @param {AbortSignal} signal
   * @returns {Promise<boolean> | boolean} false where another tab holds it
   */
  #hold(lock, signal) {
    if (signal.aborted) return true;
    return lock !== null && new Promise((resolve) => this.#setHeld(signal, () => resolve(true)));
  }

  /** @param {AbortSignal} signal @param {() => void} release */
  #setHeld(signal, release) {
    if (signal.aborted) return;
    this.#release = release;
    this.isHeldElsewhere = false;
    this.#onchange();
  }
}
