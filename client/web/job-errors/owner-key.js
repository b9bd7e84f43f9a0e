// The owner's key. It is kept in this tab's sessionStorage, so that it lasts from page to page and no longer than the tab,
// and goes nowhere but into a header of requests to this pool.

/** What a header may contain: `fetch` throws for other characters. */
const KEY = /^[\x21-\x7e]+$/;

export class OwnerKey {
  #name;
  #value;

  /** @param {string} root path of the pool: pools at one origin have different keys */
  constructor(root) {
    this.#name = `comp-pool key of ${root}`;
    this.#value = this.#attempt((storage) => storage.getItem(this.#name)) ?? "";
  }

  get isKnown() {
    return this.#value !== "";
  }

  /** @returns {Record<string, string>} */
  get headers() {
    return { Authorization: `Bearer ${this.#value}` };
  }

  /** Uses a key until the page is closed; returns false for a text that can't be one. @param {string} text */
  use(text) {
    const isPossible = KEY.test(text);
    if (isPossible) this.#value = text;
    return isPossible;
  }

  keep() {
    this.#attempt((storage) => storage.setItem(this.#name, this.#value));
  }

  forget() {
    this.#value = "";
    this.#attempt((storage) => storage.removeItem(this.#name));
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
