// One level of a flow: its entries, some at a time, and what becomes of their results.

import { element, say } from "./dom.js";
import { Entry } from "./flow-entry.js";
import { countsOf, settledOf, Tally } from "./flow-states.js";

/** @typedef {import("./flow-watch.js").EntryView} EntryView */
/** @typedef {import("./languages.js").Language} Language */

const AT_A_TIME = 50;

export class Stage {
  #language;
  #tally;
  #pill = element("span", { class: "pill" });
  #list = element("ul", { class: "entries" });
  #more = element("button", { class: "button", type: "button" });
  /** @type {EntryView[]} */
  #views = [];
  /** Those shown, of the first views. @type {Entry[]} */
  #entries = [];

  /** @param {{number: number, count: number}} place the first to run is number 1 @param {Language} language */
  constructor(place, language) {
    this.#language = language;
    this.#tally = new Tally(language, { "aria-hidden": "true" });
    const head = element("div", { class: "stage-head" }, ...this.#title(place), this.#tally.list);
    const card = element("div", { class: "stage-card" }, head, this.#tally.bar, this.#list, this.#more);
    this.element = element("li", { class: "stage" }, element("p", { class: "stem" }, this.#pill), card);
    this.#more.addEventListener("click", () => this.#showMore());
  }

  /** @param {EntryView[]} views @param {boolean} isRunning the flow */
  draw(views, isRunning) {
    this.#views = views;
    this.element.dataset.breadth = views.length > 2 ? "many" : String(views.length);
    this.#drawState(isRunning);
    this.#entries.forEach((entry, place) => entry.draw(views[place]));
    if (this.#entries.length === 0) this.#show(AT_A_TIME);
  }

  /** Shows the entry that a path leads to or into; returns whether it is one of these. @param {string} path */
  show(path) {
    const place = this.#find(path);
    if (place < 0) return false;
    while (this.#entries.length <= place) this.#show(AT_A_TIME);
    this.#entries[place].show();
    return true;
  }

  /** @param {string} path */
  has(path) {
    return this.#find(path) >= 0;
  }

  /** @param {string} path */
  #find(path) {
    return this.#views.findIndex((view) => path === view.path || path.startsWith(`${view.path}.`));
  }

  /** @param {{number: number, count: number}} place */
  #title(place) {
    const title = element("h3", {}, this.#language.text("flow.stage", place));
    if (place.count === 1) return [title];
    const key = place.number === 1 ? "flow.stage.first" : "flow.stage.later";
    return [title, element("p", { class: "help" }, this.#language.text(key, { number: place.number - 1 }))];
  }

  /** @param {boolean} isRunning */
  #drawState(isRunning) {
    const counts = countsOf(this.#views);
    const missing = counts.total - settledOf(counts);
    this.#tally.draw(counts);
    const state = mergeOf(missing, isRunning && counts.waiting < counts.total, isRunning);
    this.element.dataset.state = state;
    this.element.toggleAttribute("data-computing", counts.computing > 0);
    say(this.#pill, this.#language.text(`flow.merge.${state}`, { count: missing }));
  }

  /** @param {number} count so many more */
  #show(count) {
    const shown = this.#entries.length;
    const added = this.#views.slice(shown, shown + count).map((view) => new Entry(view, this.#language));
    this.#entries.push(...added);
    this.#list.append(...added.map((entry) => entry.element));
    this.#drawMore();
  }

  #showMore() {
    const shown = this.#entries.length;
    this.#show(AT_A_TIME);
    this.#entries[shown].focus(); // The button may be gone, and what is new begins here.
  }

  #drawMore() {
    const rest = this.#views.length - this.#entries.length;
    this.#more.hidden = rest === 0;
    say(this.#more, this.#language.text("flow.more", { count: Math.min(rest, AT_A_TIME), rest }));
  }
}

/** @param {number} missing @param {boolean} hasBegun @param {boolean} isRunning */
function mergeOf(missing, hasBegun, isRunning) {
  if (missing === 0) return "done";
  if (!isRunning) return "ended";
  return hasBegun ? "running" : "waiting";
}
