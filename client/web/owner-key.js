// The owner's key. It is kept in this tab's sessionStorage, so that it lasts from page to page and no longer than the tab,
// and goes nowhere but into a header of requests to this pool.

/** What a header may contain: `fetch` throws for other characters. */
const KEY = /^[\x21-\x7e]+$/;
/** The key of one job, which an open pool returns where the job is posted without one. */
const OF_ONE_JOB = /^posted\./;

export class OwnerKey {
  #ofPool;
  #ofJob;
  #value;

  /**
   * @param {string} root path of the pool: pools at one origin have different keys
   * @param {string} [job] path of the job that the page is about: it may have a key of its own
   */
  constructor(root, job) {
    this.#ofPool = `comp-pool key of ${root}`;
    this.#ofJob = job === undefined ? this.#ofPool : `comp-pool key of ${job}`;
    this.#value = this.#stored(this.#ofJob) || this.#stored(this.#ofPool);
  }

  get isKnown() {
    return this.#value !== "";
  }

  /** Empty without a key. @returns {Record<string, string>} */
  get headers() {
    return this.isKnown ? { Authorization: `Bearer ${this.#value}` } : {};
  }

  /** For a client; undefined without a key. */
  get value() {
    return this.#value || undefined;
  }

  /** Uses a key until the page is closed; returns false for a text that can't be one. @param {string} text */
  use(text) {
    const isPossible = KEY.test(text);
    if (isPossible) this.#value = text;
    return isPossible;
  }

  keep() {
    const name = OF_ONE_JOB.test(this.#value) ? this.#ofJob : this.#ofPool;
    this.#attempt((storage) => storage.setItem(name, this.#value));
  }

  forget() {
    this.#value = "";
    for (const name of [this.#ofJob, this.#ofPool]) this.#attempt((storage) => storage.removeItem(name));
  }

  /** @param {string} name */
  #stored(name) {
    return this.#attempt((storage) => storage.getItem(name)) ?? "";
  }

  /**
   * Where storage is blocked the property itself throws: then a key lasts until the page is closed.
   * @template Result
   * @param {(storage: Storage) => Result} act
   */
  #attempt(act) {
    try {
      return act(sessionStorage);
    } catch {
      return undefined;
    }
  }
}
