// One tab of a browser computes at a time. Where the browser has no locks (or blocks them), each tab may.

const NAME = "comp-pool";

export class Turn {
  /** Another tab computes, and this one is queued. */
  isElsewhere = false;
  /** @type {(() => void) | null} */
  #release = null;
  /** @type {AbortController | null} there while the turn is wanted */
  #wish = null;
  #onchange;

  /** @param {() => void} onchange called when the turn is had, or another tab is found to have it */
  constructor(onchange) {
    this.#onchange = onchange;
  }

  get isMine() {
    return this.#release !== null;
  }

  /** Takes the turn, or queues for it. */
  take() {
    if (this.#wish) return;
    this.#wish = new AbortController();
    void this.#ask(this.#wish.signal);
  }

  give() {
    this.#wish?.abort();
    this.#release?.();
    this.#wish = this.#release = null;
    this.isElsewhere = false;
  }

  /** @param {AbortSignal} signal given when the turn is no longer wanted */
  async #ask(signal) {
    try {
      const isHad = await navigator.locks.request(NAME, { ifAvailable: true }, (lock) => this.#hold(lock, signal));
      if (!isHad) await this.#queue(signal);
    } catch {
      this.#get(signal, () => {});
    }
  }

  /** @param {AbortSignal} signal */
  #queue(signal) {
    this.isElsewhere = true;
    this.#onchange();
    return navigator.locks.request(NAME, { signal }, (lock) => this.#hold(lock, signal));
  }

  /**
   * Holds the lock until the promise settles.
   * @param {Lock | null} lock @param {AbortSignal} signal
   * @returns {Promise<boolean> | boolean} false where another tab has it
   */
  #hold(lock, signal) {
    if (signal.aborted) return true;
    return lock !== null && new Promise((resolve) => this.#get(signal, () => resolve(true)));
  }

  /** @param {AbortSignal} signal @param {() => void} release */
  #get(signal, release) {
    if (signal.aborted) return;
    this.#release = release;
    this.isElsewhere = false;
    this.#onchange();
  }
}
