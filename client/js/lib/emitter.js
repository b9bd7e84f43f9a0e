// An event emitter whose listeners can't break the emitter or each other.

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
    // Wrapped, so that one function may subscribe twice and unsubscribe once.
    const subscription = /** @param {Events[Name]} payload */ (payload) => listener(payload);
    listeners.add(subscription);
    return () => void listeners.delete(subscription);
  }

  /**
   * @template {keyof Events} Name
   * @param {Name} event
   * @param {Events[Name]} payload
   */
  emit(event, payload) {
    // A copy, since a listener may unsubscribe while the event is emitted.
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        listener(payload);
      } catch (ex) {
        logError(ex);
      }
    }
  }
}

/** Node has no `reportError`, and an uncaught error would end its process. @param {unknown} ex */
const logError = (ex) => (typeof reportError === "function" ? reportError(ex) : console.error(ex));
