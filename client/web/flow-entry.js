// One entry of a flow: a job, how far it is, and, for those who look closer, its steps.

import { element, say } from "./dom.js";
import { stateOf } from "./flow-states.js";
import { isolated } from "./languages.js";

/** @typedef {import("./flow-watch.js").EntryView} EntryView */
/** @typedef {import("./flow-watch.js").Step} Step */
/** @typedef {import("./languages.js").Language} Language */

/** Less than this many seconds would be shown as none. */
const SHORTEST = 0.1;

export class Entry {
  #language;
  #view;
  #round = element("span", { class: "round" });
  #word = element("span", { class: "word" });
  #facts = element("span", { class: "facts" });
  #sign = element("span", { class: "sign", "aria-hidden": "true" });
  #summary;
  #details;
  /** Made when somebody looks. @type {Closer | null} */
  #closer = null;

  /** @param {EntryView} view @param {Language} language */
  constructor(view, language) {
    this.#view = view;
    this.#language = language;
    this.#summary = element("summary", {}, this.#sign, this.#named(), this.#state(), ...this.#conditions());
    this.#details = element("details", {}, this.#summary);
    this.#details.addEventListener("toggle", () => this.#look());
    this.element = element("li", { class: "entry" }, this.#details);
    this.draw(view);
  }

  /** @param {EntryView} view */
  draw(view) {
    this.#view = view;
    const state = stateOf(view);
    for (const marked of [this.element, this.#sign]) marked.dataset.state = state;
    say(this.#word, this.#language.text(`flow.state.${state}`));
    const isUnderWay = view.state === "running" && repeats(view);
    const round = this.#language.text("flow.iteration", { number: iterationOf(view) });
    say(this.#round, isUnderWay ? together(`${round} · `) : "");
    say(this.#facts, this.#said().map((fact) => ` · ${together(fact)}`).join(""));
    if (this.#details.hasAttribute("open")) this.#closer?.draw(view);
  }

  focus() {
    this.#summary.focus();
  }

  /** Opens it where it can be seen. */
  show() {
    this.#details.setAttribute("open", "");
    this.#summary.scrollIntoView({ block: "center" });
    this.focus();
  }

  #named() {
    const { job, variable } = this.#view;
    const parts = [element("bdi", { class: "job" }, lastOf(job))];
    if (variable) parts.push(element("bdi", { class: "variable" }, lastOf(variable)));
    return element("span", { class: "named" }, ...parts);
  }

  #state() {
    return element("span", { class: "at" }, this.#round, this.#word, this.#facts);
  }

  #conditions() {
    const badges = this.#view.conditions.map((name) => element("code", { class: "badge" }, name));
    return badges.length ? [element("span", { class: "conditions" }, ...badges)] : [];
  }

  #said() {
    const { iterations, state } = this.#view;
    const isTold = iterations > 0 && state !== "running" && repeats(this.#view);
    return [...(isTold ? [this.#language.text("flow.iterations", { count: iterations })] : []), ...this.#run()];
  }

  /** How long the latest result was computed. */
  #run() {
    const runs = this.#view.steps.flatMap(({ run_seconds: seconds }) => seconds ?? []);
    const seconds = runs.at(-1) ?? 0;
    if (seconds < SHORTEST) return [];
    const key = this.#view.iterations > 1 ? "flow.run.last" : "flow.run";
    return [this.#language.text(key, { time: this.#language.duration(seconds) })];
  }

  #look() {
    if (!this.#details.hasAttribute("open")) return;
    if (this.#closer === null) {
      this.#closer = new Closer(this.#view, this.#language);
      this.#details.append(this.#closer.element);
    }
    this.#closer.draw(this.#view);
  }
}

/** All that is known of an entry. */
class Closer {
  #language;
  #times = element("p", { class: "help" });
  #note = element("p", { class: "help" });
  #list = element("ol", { class: "steps" });
  /** By iteration. @type {Map<number, StepRow>} */
  #rows = new Map();

  /** @param {EntryView} view @param {Language} language */
  constructor(view, language) {
    this.#language = language;
    const links = element("p", { class: "links" }, ...this.#links(view));
    const path = element("p", {}, element("code", { dir: "ltr" }, view.path));
    this.element = element("div", { class: "closer" }, path, links, this.#times, this.#note, this.#list);
  }

  /** @param {EntryView} view */
  draw(view) {
    say(this.#times, this.#timing(view));
    say(this.#note, this.#language.text(...this.#said(view)));
    this.#drop(new Set(view.steps.map(({ iteration }) => iteration)));
    for (const step of view.steps) this.#row(step).draw(step);
  }

  /** @param {EntryView} view */
  #links({ _links: links, job, variable, taken }) {
    const leading = linked(links.get_job, this.#language.text("flow.link.job", { id: isolated(lastOf(job)) }));
    if (!links.get_variable) return [leading];
    const id = isolated(lastOf(variable ?? links.get_variable));
    const key = taken ? "flow.link.taken" : "flow.link.variable";
    return [leading, linked(links.get_variable, this.#language.text(key, { id }))];
  }

  /** @param {EntryView} view */
  #timing({ started, finished, state }) {
    if (!started || state === "skipped") return "";
    const values = { started: this.#time(started), finished: finished ? this.#time(finished) : "" };
    return this.#language.text(finished ? "flow.times" : "flow.since", values);
  }

  /** @param {string} moment */
  #time = (moment) => this.#language.time(new Date(moment));

  /** @param {EntryView} view @returns {[string, {count: number}]} */
  #said({ steps, state, started }) {
    if (steps.length) return ["flow.steps", { count: steps.length }];
    if (state === "waiting" || state === "skipped") return [`flow.steps.${state}`, { count: 0 }];
    return [started === null ? "flow.steps.never" : "flow.steps.none", { count: 0 }];
  }

  /** @param {Set<number>} kept */
  #drop(kept) {
    for (const [iteration, row] of this.#rows) {
      if (kept.has(iteration)) continue;
      row.element.remove();
      this.#rows.delete(iteration);
    }
  }

  /** @param {Step} step */
  #row({ iteration }) {
    const known = this.#rows.get(iteration);
    if (known) return known;
    const row = new StepRow(this.#language);
    this.#rows.set(iteration, row);
    this.#list.append(row.element);
    return row;
  }
}

/** One execution of an entry's job. */
class StepRow {
  #language;
  #what = element("span", { class: "what" });
  #links = element("span", { class: "links" });
  /** @type {Set<string>} */
  #named = new Set();

  /** @param {Language} language */
  constructor(language) {
    this.#language = language;
    this.element = element("li", {}, this.#what, this.#links);
  }

  /** @param {Step} step */
  draw(step) {
    const { iteration, state, _links: links } = step;
    this.element.dataset.state = state;
    const number = this.#language.text("flow.iteration", { number: iteration });
    say(this.#what, [number, this.#word(state), ...this.#times(step)].map(together).join(" · "));
    this.#link("get_variable", "flow.link.step", links, number);
    this.#link("get_result", "flow.link.result", links, number);
  }

  /** How long it was computed, and how long it waited for that. @param {Step} step */
  #times({ started, finished, run_seconds: run }) {
    if (run === null || started === null || finished === null) return [];
    const waited = (Date.parse(finished) - Date.parse(started)) / 1000 - run;
    return [...this.#amount("flow.run", run), ...this.#amount("flow.waited", waited)];
  }

  /** @param {string} key @param {number} seconds */
  #amount(key, seconds) {
    return seconds < SHORTEST ? [] : [this.#language.text(key, { time: this.#language.duration(seconds) })];
  }

  /** @param {string} state */
  #word = (state) => this.#language.text(`flow.step.${state}`) || state;

  /**
   * Links stay what they are: one may have the focus.
   * @param {string} name @param {string} key @param {any} links @param {string} whose
   */
  #link(name, key, links, whose) {
    if (!links[name] || this.#named.has(name)) return;
    this.#named.add(name);
    const unseen = element("span", { class: "unseen" }, ` · ${whose}`);
    this.#links.append(linked(links[name], this.#language.text(key), unseen));
  }
}

/** The one that it is at. @param {EntryView} view */
const iterationOf = ({ steps }) => steps.at(-1)?.iteration ?? 1;

/** @param {EntryView} view */
const repeats = ({ iterations, conditions }) => iterations > 1 || conditions.includes("while");

/** A fact is read in one: it breaks nowhere. @param {string} text */
const together = (text) => text.replaceAll(" ", "\u00a0");

/**
 * A link within the pool; anything else is no more than its words.
 * @param {string} href @param {(Node | string)[]} words
 */
function linked(href, ...words) {
  const { origin } = new URL(href, location.href);
  return origin === location.origin ? element("a", { href }, ...words) : element("span", {}, ...words);
}

/** The id at the end of an address. @param {string} address */
export function lastOf(address) {
  const segment = address.split("/").at(-1) ?? "";
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
