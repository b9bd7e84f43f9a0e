// Exponentially weighted moving averages, by name.

const WEIGHT = 0.3;

export class MovingAverages {
  /** @type {Map<string, number>} */
  #averages = new Map();

  /** @param {string} name @param {number} value */
  add(name, value) {
    const average = this.#averages.get(name) ?? value;
    this.#averages.set(name, average + WEIGHT * (value - average));
  }

  /** @param {string} name @returns {number | undefined} undefined before the first value */
  get(name) {
    return this.#averages.get(name);
  }
}
