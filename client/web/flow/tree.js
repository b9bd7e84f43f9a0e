// The tree of a flow: the first stage at the bottom, each stage feeding the one above, the result on top.

import { byId } from "../dom.js";
import { levelsOf } from "./poller.js";
import { Stage } from "./stage.js";

/** @typedef {import("./poller.js").Flow} Flow */

export class FlowTree {
  #language;
  /** From the top. @type {Stage[]} */
  #stages = [];

  /** @param {import("../languages.js").Language} language */
  constructor(language) {
    this.#language = language;
  }

  /** @param {Flow} flow */
  render(flow) {
    const levels = levelsOf(flow);
    if (this.#stages.length === 0) this.#createStages(levels.length);
    levels.forEach((entries, depth) => this.#stages[depth].render(entries, flow.state === "running"));
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
  #createStages(count) {
    for (let number = count; number > 0; number -= 1) this.#stages.push(new Stage({ number, count }, this.#language));
    byId("stages").append(...this.#stages.map((stage) => stage.element));
  }
}
