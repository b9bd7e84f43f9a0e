// Whether code of jobs may run to show their results: while the visitor computes, or once it has asked to see one of
// them. After a pause nothing of a job runs that nobody has asked for.

export class RenderConsent {
  #isAsked = false;
  #isVolunteer;
  /** @type {Set<() => void>} */
  #listeners = new Set();

  /** @param {() => boolean} isVolunteer whether the visitor computes, or wants to */
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

  /** The visitor may have started or paused. */
  notify() {
    for (const listener of this.#listeners) listener();
  }

  /** @param {() => void} listener @returns {() => void} unsubscribes */
  onchange(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
