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
  #states;
  #texts;

  /**
   * @param {Language} language
   * @param {Record<string, string>} attributes of the bar
   * @param {{states: string[], texts: string}} [kind] the states, and how the keys of their texts begin
   */
  constructor(language, attributes, { states, texts } = { states: STATES, texts: "flow.count" }) {
    this.#language = language;
    this.#texts = texts;
    this.#states = new Map(states.map((state) => [state, { segment: element("span", { "data-state": state }), text: element("span") }]));
    const all = [...this.#states];
    this.bar = element("div", { class: "bar", ...attributes }, ...all.map(([, { segment }]) => segment));
    this.list = element("ul", { class: "counts" }, ...all.map(([state, { text }]) => this.#item(state, text)));
  }

  /** @param {Counts} counts */
  render(counts) {
    for (const [state, { segment, text }] of this.#states) this.#renderState(state, counts[state], segment, text);
  }

  /** @param {string} state @param {HTMLElement} text */
  #item(state, text) {
    const icon = element("span", { class: "state-icon", "data-state": state, "aria-hidden": "true" });
    return element("li", { hidden: true }, icon, text);
  }

  /** @param {string} state @param {number} count @param {HTMLElement} segment @param {HTMLElement} text */
  #renderState(state, count, segment, text) {
    setText(text, this.#language.text(`${this.#texts}.${state}`, { count }));
    /** @type {HTMLElement} */ (text.parentElement).hidden = count === 0;
    segment.hidden = count === 0;
    segment.style.flexGrow = String(count);
  }
}
