// Whether code of jobs may run to show their results: once the visitor has agreed to compute, or to see one of them.

export class RenderConsent {
  #isAsked = false;
  #isVolunteer;
  /** @type {Set<() => void>} */
  #listeners = new Set();

  /** @param {() => boolean} isVolunteer whether the visitor has agreed to compute */
  constructor(isVolunteer = () => false) {
    this.#isVolunteer = isVolunteer;
  }

  get isGiven() {
    return this.#isAsked || this.#isVolunteer();
  }

  give() {
    this.#isAsked = true;
    this.notify();
  }

  /** The visitor may have agreed to compute. */
  notify() {
    for (const listener of this.#listeners) listener();
  }

  /** @param {() => void} listener @returns {() => void} unsubscribes */
  onchange(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
