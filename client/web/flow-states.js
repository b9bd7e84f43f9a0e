// The states of entries as people are told them: how many there are of each, as words and as a bar.

import { element, say } from "./dom.js";

/** In the order in which they are shown: what is to come comes last. */
export const STATES = ["done", "skipped", "failed", "cancelled", "computing", "offered", "waiting"];
const SETTLED = ["done", "skipped"];

/** @typedef {import("./flow-watch.js").EntryView} EntryView */
/** @typedef {Record<string, number>} Counts */
/** @typedef {import("./languages.js").Language} Language */

/** What runs is offered until a volunteer computes it. @param {EntryView} view */
export function stateOf({ state, steps }) {
  if (state !== "running") return state;
  return steps.at(-1)?.state === "leased" ? "computing" : "offered";
}

/** @param {EntryView[]} views @returns {Counts} */
export function countsOf(views) {
  /** @type {Counts} */
  const counts = { total: views.length };
  for (const state of STATES) counts[state] = 0;
  for (const view of views) counts[stateOf(view)] += 1;
  return counts;
}

/** What needs no more waiting for. @param {Counts} counts */
export const settledOf = (counts) => SETTLED.reduce((sum, state) => sum + counts[state], 0);

/** A word and a sign for each state that there is, and a bar of their shares. */
export class Tally {
  #language;
  #segments = new Map(STATES.map((state) => [state, element("span", { "data-state": state })]));
  #words = new Map(STATES.map((state) => [state, element("span")]));

  /** @param {Language} language @param {Record<string, string>} attributes of the bar */
  constructor(language, attributes) {
    this.#language = language;
    this.bar = element("div", { class: "bar", ...attributes }, ...this.#segments.values());
    this.list = element("ul", { class: "counts" }, ...STATES.map((state) => this.#item(state)));
  }

  /** @param {Counts} counts */
  draw(counts) {
    for (const state of STATES) this.#drawState(state, counts[state]);
  }

  /** @param {string} state */
  #item(state) {
    const sign = element("span", { class: "sign", "data-state": state, "aria-hidden": "true" });
    return element("li", { hidden: true }, sign, /** @type {Node} */ (this.#words.get(state)));
  }

  /** @param {string} state @param {number} count */
  #drawState(state, count) {
    const words = /** @type {HTMLElement} */ (this.#words.get(state));
    say(words, this.#language.text(`flow.count.${state}`, { count }));
    /** @type {HTMLElement} */ (words.parentElement).hidden = count === 0;
    const segment = /** @type {HTMLElement} */ (this.#segments.get(state));
    segment.hidden = count === 0;
    segment.style.flexGrow = String(count);
  }
}
