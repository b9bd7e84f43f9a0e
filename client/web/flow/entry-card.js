// An entry of a flow as a card: its job, state and run time. Opened, it shows the details.

import { element, noWrap, setText } from "../dom.js";
import { idOf } from "../links.js";
import { EntryDetails, MIN_DURATION } from "./entry-details.js";
import { nameOf } from "./job-names.js";
import { stateOf } from "./states.js";

/** @typedef {import("./poller.js").Entry} Entry */
/** @typedef {import("../languages.js").Language} Language */

export class EntryCard {
  #language;
  #entry;
  #iteration = element("span", { class: "iteration" });
  #stateName = element("span", { class: "state-name" });
  #facts = element("span", { class: "facts" });
  #icon = element("span", { class: "state-icon", "aria-hidden": "true" });
  #summary;
  #disclosure;
  /** Created when first opened: a flow may have thousands of entries. @type {EntryDetails | null} */
  #details = null;

  /** @param {Entry} entry @param {Language} language */
  constructor(entry, language) {
    this.#entry = entry;
    this.#language = language;
    this.#summary = element("summary", {}, this.#icon, this.#title(), this.#state(), ...this.#conditions());
    this.#disclosure = element("details", {}, this.#summary);
    this.#disclosure.addEventListener("toggle", () => this.#renderDetails());
    this.element = element("li", { class: "entry" }, this.#disclosure);
    this.render(entry);
  }

  /** @param {Entry} entry */
  render(entry) {
    this.#entry = entry;
    const state = stateOf(entry);
    for (const target of [this.element, this.#icon]) target.dataset.state = state;
    setText(this.#stateName, this.#language.text(`flow.state.${state}`));
    const showsIteration = entry.state === "running" && isRepeated(entry);
    const iteration = this.#language.text("flow.iteration", { number: iterationOf(entry) });
    setText(this.#iteration, showsIteration ? noWrap(`${iteration} · `) : "");
    setText(this.#facts, this.#factsOf().map((fact) => ` · ${noWrap(fact)}`).join(""));
    if (this.#disclosure.hasAttribute("open")) this.#details?.render(entry);
  }

  focus() {
    this.#summary.focus();
  }

  /** Opens the details and scrolls to them. */
  show() {
    this.#disclosure.setAttribute("open", "");
    this.#summary.scrollIntoView({ block: "center" });
    this.focus();
  }

  #title() {
    const { job, variable } = this.#entry;
    const parts = [element("bdi", { class: "job" }, nameOf(job))];
    if (variable) parts.push(element("bdi", { class: "variable" }, idOf(variable)));
    return element("span", { class: "title" }, ...parts);
  }

  #state() {
    return element("span", { class: "state" }, this.#iteration, this.#stateName, this.#facts);
  }

  #conditions() {
    const badges = this.#entry.conditions.map((name) => element("code", { class: "badge" }, name));
    return badges.length ? [element("span", { class: "conditions" }, ...badges)] : [];
  }

  #factsOf() {
    const { iterations, state } = this.#entry;
    const showsIterations = iterations > 0 && state !== "running" && isRepeated(this.#entry);
    return [
      ...(showsIterations ? [this.#language.text("flow.iterations", { count: iterations })] : []),
      ...this.#runTime(),
    ];
  }

  /** The run time of the latest result. */
  #runTime() {
    const times = this.#entry.steps.flatMap(({ run_seconds: seconds }) => seconds ?? []);
    const seconds = times.at(-1) ?? 0;
    if (seconds < MIN_DURATION) return [];
    const key = this.#entry.iterations > 1 ? "flow.run.last" : "flow.run";
    return [this.#language.text(key, { time: this.#language.duration(seconds) })];
  }

  #renderDetails() {
    if (!this.#disclosure.hasAttribute("open")) return;
    if (this.#details === null) {
      this.#details = new EntryDetails(this.#entry, this.#language);
      this.#disclosure.append(this.#details.element);
    }
    this.#details.render(this.#entry);
  }
}

/** @param {Entry} entry */
const iterationOf = ({ steps }) => steps.at(-1)?.iteration ?? 1;

/** @param {Entry} entry */
const isRepeated = ({ iterations, conditions }) => iterations > 1 || conditions.includes("while");
