// What is entered in the form, kept in this tab's sessionStorage: so that it survives a reload, and no longer than the
// tab. A key is never part of it.

/** In characters: a longer draft is not kept. */
const MAX_LENGTH = 1 << 20;

export class Draft {
  #name;

  /** @param {string} root path of the pool */
  constructor(root) {
    this.#name = `comp-pool draft of ${root}`;
  }

  /** Null without one. @returns {any} */
  read() {
    try {
      return JSON.parse(sessionStorage.getItem(this.#name) ?? "null");
    } catch {
      return null;
    }
  }

  /** @param {object} draft */
  write(draft) {
    const text = JSON.stringify(draft);
    try {
      if (text.length <= MAX_LENGTH) sessionStorage.setItem(this.#name, text);
    } catch {
      // Without storage a reload loses the draft.
    }
  }

  remove() {
    try {
      sessionStorage.removeItem(this.#name);
    } catch {
      // There is none.
    }
  }
}
