// A stage of a flow: one level of its tree, with its entries shown a page at a time and the state of their merge.

import { element, setText } from "../dom.js";
import { EntryCard } from "./entry-card.js";
import { countsOf, finishedOf, StateCounts } from "./states.js";

/** @typedef {import("./poller.js").Entry} Entry */
/** @typedef {import("../languages.js").Language} Language */

const PAGE_SIZE = 50;

export class Stage {
  #language;
  #stateCounts;
  #pill = element("span", { class: "pill" });
  #list = element("ul", { class: "entries" });
  #more = element("button", { class: "button", type: "button" });
  /** @type {Entry[]} */
  #entries = [];
  /** Of the first entries. @type {EntryCard[]} */
  #cards = [];

  /** @param {{number: number, count: number}} position number 1 runs first @param {Language} language */
  constructor(position, language) {
    this.#language = language;
    this.#stateCounts = new StateCounts(language, { "aria-hidden": "true" });
    const head = element("div", { class: "stage-head" }, ...this.#title(position), this.#stateCounts.list);
    const card = element("div", { class: "stage-card" }, head, this.#stateCounts.bar, this.#list, this.#more);
    this.element = element("li", { class: "stage" }, element("p", { class: "connector" }, this.#pill), card);
    this.#more.addEventListener("click", () => this.#showMore());
  }

  /** @param {Entry[]} entries @param {boolean} isRunning of the flow */
  render(entries, isRunning) {
    this.#entries = entries;
    this.element.dataset.breadth = entries.length > 2 ? "many" : String(entries.length);
    this.#renderState(isRunning);
    this.#cards.forEach((card, index) => card.render(entries[index]));
    if (this.#cards.length === 0) this.#appendPage();
  }

  /** Opens the entry at a path, or the one that contains it; false if it is not in this stage. @param {string} path */
  show(path) {
    const index = this.#indexOf(path);
    if (index < 0) return false;
    while (this.#cards.length <= index) this.#appendPage();
    this.#cards[index].show();
    return true;
  }

  /** @param {string} path */
  has(path) {
    return this.#indexOf(path) >= 0;
  }

  /** @param {string} path */
  #indexOf(path) {
    return this.#entries.findIndex((entry) => path === entry.path || path.startsWith(`${entry.path}.`));
  }

  /** @param {{number: number, count: number}} position */
  #title(position) {
    const title = element("h3", {}, this.#language.text("flow.stage", position));
    if (position.count === 1) return [title];
    const key = position.number === 1 ? "flow.stage.first" : "flow.stage.later";
    return [title, element("p", { class: "help" }, this.#language.text(key, { number: position.number - 1 }))];
  }

  /** @param {boolean} isRunning */
  #renderState(isRunning) {
    const counts = countsOf(this.#entries);
    const missing = counts.total - finishedOf(counts);
    this.#stateCounts.render(counts);
    const state = mergeStateOf(missing, isRunning && counts.waiting < counts.total, isRunning);
    this.element.dataset.state = state;
    this.element.toggleAttribute("data-computing", counts.computing > 0);
    setText(this.#pill, this.#language.text(`flow.merge.${state}`, { count: missing }));
  }

  #appendPage() {
    const shown = this.#cards.length;
    const added = this.#entries.slice(shown, shown + PAGE_SIZE).map((entry) => new EntryCard(entry, this.#language));
    this.#cards.push(...added);
    this.#list.append(...added.map((card) => card.element));
    this.#renderMoreButton();
  }

  /** Moves the focus to the first new card, since the button that had it may be hidden now. */
  #showMore() {
    const shown = this.#cards.length;
    this.#appendPage();
    this.#cards[shown].focus();
  }

  #renderMoreButton() {
    const rest = this.#entries.length - this.#cards.length;
    this.#more.hidden = rest === 0;
    setText(this.#more, this.#language.text("flow.more", { count: Math.min(rest, PAGE_SIZE), rest }));
  }
}

/** @param {number} missing results @param {boolean} hasStarted @param {boolean} isRunning */
function mergeStateOf(missing, hasStarted, isRunning) {
  if (missing === 0) return "done";
  if (!isRunning) return "ended";
  return hasStarted ? "running" : "waiting";
}
