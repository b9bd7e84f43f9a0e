// The states of entries as the page shows them: how many are in each, as a list and as a bar.

import { element, setText } from "../dom.js";

/** In the order in which they are shown. */
export const STATES = ["done", "skipped", "failed", "cancelled", "computing", "offered", "waiting"];
const FINISHED = ["done", "skipped"];

/** @typedef {import("./poller.js").Entry} Entry */
/** @typedef {Record<string, number>} Counts */
/** @typedef {import("../languages.js").Language} Language */

/** Splits `running`: a step is offered until a volunteer has leased it, computes until it has a result, and may fail. @param {Entry} entry */
export function stateOf({ state, steps }) {
  if (state !== "running") return state;
  if (steps.at(-1)?.state === "failed") return "failed";
  return ["leased", "held"].includes(steps.at(-1)?.state ?? "") ? "computing" : "offered";
}

/** @param {Entry[]} entries @returns {Counts} by state, and the `total` */
export function countsOf(entries) {
  /** @type {Counts} */
  const counts = { total: entries.length };
  for (const state of STATES) counts[state] = 0;
  for (const entry of entries) counts[stateOf(entry)] += 1;
  return counts;
}

/** @param {Counts} counts */
export const finishedOf = (counts) => FINISHED.reduce((sum, state) => sum + counts[state], 0);

/** The counts as two elements: `list`, with an icon and a text for each state, and `bar`, with their shares. */
export class StateCounts {
  #language;
  #segments = new Map(STATES.map((state) => [state, element("span", { "data-state": state })]));
  #texts = new Map(STATES.map((state) => [state, element("span")]));

  /** @param {Language} language @param {Record<string, string>} attributes of the bar */
  constructor(language, attributes) {
    this.#language = language;
    this.bar = element("div", { class: "bar", ...attributes }, ...this.#segments.values());
    this.list = element("ul", { class: "counts" }, ...STATES.map((state) => this.#item(state)));
  }

  /** @param {Counts} counts */
  render(counts) {
    for (const state of STATES) this.#renderState(state, counts[state]);
  }

  /** @param {string} state */
  #item(state) {
    const icon = element("span", { class: "state-icon", "data-state": state, "aria-hidden": "true" });
    return element("li", { hidden: true }, icon, /** @type {Node} */ (this.#texts.get(state)));
  }

  /** @param {string} state @param {number} count */
  #renderState(state, count) {
    const text = /** @type {HTMLElement} */ (this.#texts.get(state));
    setText(text, this.#language.text(`flow.count.${state}`, { count }));
    /** @type {HTMLElement} */ (text.parentElement).hidden = count === 0;
    const segment = /** @type {HTMLElement} */ (this.#segments.get(state));
    segment.hidden = count === 0;
    segment.style.flexGrow = String(count);
  }
}
