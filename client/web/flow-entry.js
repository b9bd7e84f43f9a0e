// One entry of a flow: a job, how far it is, and, for those who look closer, its steps.

import { element, say } from "./dom.js";

/** @typedef {import("./flow-watch.js").EntryView} EntryView */
/** @typedef {import("./flow-watch.js").Step} Step */
/** @typedef {import("./languages.js").Language} Language */

/** Less than this many seconds would be shown as none. */
const SHORTEST = 0.1;

export class Entry {
  #language;
  #view;
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
    for (const marked of [this.element, this.#sign]) marked.dataset.state = view.state;
    say(this.#word, this.#language.text(`flow.state.${view.state}`));
    say(this.#facts, this.#said().map((fact) => ` · ${fact}`).join(""));
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
    return element("span", { class: "at" }, this.#word, this.#facts);
  }

  #conditions() {
    const badges = this.#view.conditions.map((name) => element("code", { class: "badge" }, name));
    return badges.length ? [element("span", { class: "conditions" }, ...badges)] : [];
  }

  #said() {
    const { iterations, conditions, seconds } = this.#view;
    const repeats = iterations > 1 || (iterations === 1 && conditions.includes("while"));
    return [
      ...(repeats ? [this.#language.text("flow.iterations", { count: iterations })] : []),
      ...(seconds !== null && seconds >= SHORTEST ? [this.#language.duration(seconds)] : []),
    ];
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
  #links({ _links: links, taken }) {
    const job = linked(links.get_job, this.#language.text("flow.link.job"));
    if (!links.get_variable) return [job];
    const key = taken ? "flow.link.taken" : "flow.link.variable";
    return [job, linked(links.get_variable, this.#language.text(key))];
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
  draw({ iteration, state, run_seconds: seconds, _links: links }) {
    this.element.dataset.state = state;
    const parts = [this.#language.text("flow.iteration", { number: iteration }), this.#word(state)];
    if (seconds !== null && seconds >= SHORTEST) parts.push(this.#language.duration(seconds));
    say(this.#what, parts.join(" · "));
    this.#link("get_variable", "flow.link.variable", links);
    this.#link("get_result", "flow.link.result", links);
  }

  /** @param {string} state */
  #word = (state) => this.#language.text(`flow.step.${state}`) || state;

  /** Links stay what they are: one may have the focus. @param {string} name @param {string} key @param {any} links */
  #link(name, key, links) {
    if (!links[name] || this.#named.has(name)) return;
    this.#named.add(name);
    this.#links.append(linked(links[name], this.#language.text(key)));
  }
}

/** A link within the pool; anything else is no more than its words. @param {string} href @param {string} words */
function linked(href, words) {
  const { origin } = new URL(href, location.href);
  return origin === location.origin ? element("a", { href }, words) : element("span", {}, words);
}

/** The id at the end of an address. @param {string} address */
function lastOf(address) {
  const segment = address.split("/").at(-1) ?? "";
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
