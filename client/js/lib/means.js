// Running means, by name: what was measured last counts most.

const WEIGHT = 0.3;

export class Means {
  /** @type {Map<string, number>} */
  #means = new Map();

  /** @param {string} name @param {number} value */
  add(name, value) {
    const mean = this.#means.get(name) ?? value;
    this.#means.set(name, mean + WEIGHT * (value - mean));
  }

  /** @param {string} name */
  of(name) {
    return this.#means.get(name);
  }
}
