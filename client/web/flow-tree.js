// The levels of a flow, the last to run on top: each feeds the one above, and the topmost is the flow's result.

import { find } from "./dom.js";
import { Stage } from "./flow-stage.js";
import { levelsOf } from "./flow-watch.js";

/** @typedef {import("./flow-watch.js").Flow} Flow */

export class FlowTree {
  #language;
  /** @type {Stage[]} */
  #stages = [];

  /** @param {import("./languages.js").Language} language */
  constructor(language) {
    this.#language = language;
  }

  /** @param {Flow} flow */
  draw(flow) {
    const levels = levelsOf(flow);
    if (this.#stages.length === 0) this.#build(levels.length);
    levels.forEach((views, depth) => this.#stages[depth].draw(views, flow.state === "running"));
  }

  /** @param {string} path */
  has(path) {
    return this.#stages.some((stage) => stage.has(path));
  }

  /** @param {string} path */
  show(path) {
    this.#stages.some((stage) => stage.show(path));
  }

  /** @param {number} count */
  #build(count) {
    for (let number = count; number > 0; number -= 1) this.#stages.push(new Stage({ number, count }, this.#language));
    find("stages").append(...this.#stages.map((stage) => stage.element));
  }
}
