// Events: who listens is told, and whoever fails at that fails alone.

/**
 * @template {Record<string, unknown>} Events payloads by the events' names
 */
export class Emitter {
  /** @type {Map<keyof Events, Set<(payload: any) => void>>} */
  #listeners = new Map();

  /**
   * @template {keyof Events} Name
   * @param {Name} event
   * @param {(payload: Events[Name]) => void} listener
   * @returns {() => void} unsubscribes
   */
  on(event, listener) {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    // A listener of its own for each call: one function may listen twice.
    const own = /** @param {Events[Name]} payload */ (payload) => listener(payload);
    listeners.add(own);
    return () => void listeners.delete(own);
  }

  /**
   * @template {keyof Events} Name
   * @param {Name} event
   * @param {Events[Name]} payload
   */
  emit(event, payload) {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        listener(payload);
      } catch (ex) {
        report(ex);
      }
    }
  }
}

/** As an uncaught error where that ends nothing, in the console elsewhere. @param {unknown} ex */
const report = (ex) => (typeof reportError === "function" ? reportError(ex) : console.error(ex));
