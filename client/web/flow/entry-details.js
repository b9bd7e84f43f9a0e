// The details of an entry: its path, links and times, and its latest steps (each an execution of its job).

import { element, noWrap, setText } from "../dom.js";
import { isolate } from "../languages.js";
import { idOf, linkTo } from "../links.js";
import { nameOf } from "./job-names.js";

/** @typedef {import("./poller.js").Entry} Entry */
/** @typedef {import("./poller.js").Step} Step */
/** @typedef {import("../languages.js").Language} Language */

/** In seconds; less would be shown as 0. */
export const MIN_DURATION = 0.1;

export class EntryDetails {
  #language;
  #times = element("p", { class: "help" });
  #note = element("p", { class: "help" });
  #list = element("ol", { class: "steps" });
  /** By iteration. @type {Map<number, StepRow>} */
  #rows = new Map();

  /** @param {Entry} entry @param {Language} language */
  constructor(entry, language) {
    this.#language = language;
    const links = element("p", { class: "links" }, ...this.#links(entry));
    const path = element("p", {}, element("code", { dir: "ltr" }, entry.path));
    this.element = element("div", { class: "details" }, path, links, this.#times, this.#note, this.#list);
  }

  /** @param {Entry} entry */
  render(entry) {
    setText(this.#times, this.#timesOf(entry));
    setText(this.#note, this.#language.text(...noteOf(entry)));
    this.#removeExcept(new Set(entry.steps.map(({ iteration }) => iteration)));
    for (const step of entry.steps) this.#row(step).render(step);
  }

  /** @param {Entry} entry */
  #links({ _links: links, job, variable, taken }) {
    const jobLink = linkTo(links.get_job, this.#language.text("flow.link.job", { name: isolate(nameOf(job)) }));
    if (!links.get_variable) return [jobLink];
    const id = isolate(idOf(variable ?? links.get_variable));
    const key = taken ? "flow.link.taken" : "flow.link.variable";
    return [jobLink, linkTo(links.get_variable, this.#language.text(key, { id }))];
  }

  /** @param {Entry} entry */
  #timesOf({ started, finished, state }) {
    if (!started || state === "skipped") return "";
    const values = { started: this.#time(started), finished: finished ? this.#time(finished) : "" };
    return this.#language.text(finished ? "flow.times" : "flow.since", values);
  }

  /** @param {string} moment */
  #time = (moment) => this.#language.time(new Date(moment));

  /** @param {Set<number>} iterations to keep: a flow lists the latest steps only */
  #removeExcept(iterations) {
    for (const [iteration, row] of this.#rows) {
      if (iterations.has(iteration)) continue;
      row.element.remove();
      this.#rows.delete(iteration);
    }
  }

  /** @param {Step} step */
  #row({ iteration }) {
    const existing = this.#rows.get(iteration);
    if (existing) return existing;
    const row = new StepRow(this.#language);
    this.#rows.set(iteration, row);
    this.#list.append(row.element);
    return row;
  }
}

class StepRow {
  #language;
  #text = element("span", { class: "what" });
  #links = element("span", { class: "links" });
  /** The rels of the links that are shown. @type {Set<string>} */
  #rels = new Set();

  /** @param {Language} language */
  constructor(language) {
    this.#language = language;
    this.element = element("li", {}, this.#text, this.#links);
  }

  /** @param {Step} step */
  render(step) {
    const { iteration, state, _links: links } = step;
    this.element.dataset.state = state;
    const number = this.#language.text("flow.iteration", { number: iteration });
    setText(this.#text, [number, this.#stateText(state), ...this.#times(step)].map(noWrap).join(" · "));
    this.#addLink("get_variable", "flow.link.step", links, number);
    this.#addLink("get_result", "flow.link.result", links, number);
  }

  /** The run time, and the waiting time between offer and result. @param {Step} step */
  #times({ started, finished, run_seconds: run }) {
    if (run === null || started === null || finished === null) return [];
    const waited = (Date.parse(finished) - Date.parse(started)) / 1000 - run;
    return [...this.#duration("flow.run", run), ...this.#duration("flow.waited", waited)];
  }

  /** @param {string} key @param {number} seconds */
  #duration(key, seconds) {
    return seconds < MIN_DURATION ? [] : [this.#language.text(key, { time: this.#language.duration(seconds) })];
  }

  /** @param {string} state */
  #stateText = (state) => this.#language.text(`flow.step.${state}`) || state;

  /**
   * Adds a link once and leaves it in place later, since it may have the focus.
   * @param {string} rel @param {string} key @param {Record<string, string>} links @param {string} stepName
   */
  #addLink(rel, key, links, stepName) {
    if (!links[rel] || this.#rels.has(rel)) return;
    this.#rels.add(rel);
    const suffix = element("span", { class: "visually-hidden" }, ` · ${stepName}`);
    this.#links.append(linkTo(links[rel], this.#language.text(key), suffix));
  }
}

/** @param {Entry} entry @returns {[string, {count: number}]} arguments of `Language.text` */
function noteOf({ steps, state, started }) {
  if (steps.length) return ["flow.steps", { count: steps.length }];
  if (state === "waiting" || state === "skipped") return [`flow.steps.${state}`, { count: 0 }];
  return [started === null ? "flow.steps.never" : "flow.steps.none", { count: 0 }];
}
