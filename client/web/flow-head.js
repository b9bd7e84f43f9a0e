// The beginning of a flow's page: whose it is, how far, for how long, and why it failed.

import { find, say } from "./dom.js";
import { countsOf, settledOf, Tally } from "./flow-states.js";
import { levelsOf } from "./flow-watch.js";
import { isolated } from "./languages.js";

/** @typedef {import("./flow-watch.js").Flow} Flow */
/** @typedef {import("./languages.js").Language} Language */

const LONGEST_REASON = 4_000;
/** In percent: what is full has no surface to be seen. */
const OVERFULL = 102;

export class FlowHead {
  #language;
  #tally;
  /** @type {Flow | null} */
  #flow = null;
  #ahead = 0;

  /** @param {Language} language */
  constructor(language) {
    this.#language = language;
    this.#tally = new Tally(language, { role: "progressbar", "aria-label": language.text("flow.progress") });
    find("overall").append(this.#tally.bar, this.#tally.list);
    setInterval(() => document.hidden || this.#drawTime(), 1000);
  }

  /** @param {Flow} flow @param {number} ahead of this clock is the pool's, in milliseconds */
  draw(flow, ahead) {
    this.#flow = flow;
    this.#ahead = ahead;
    this.#drawName(flow);
    this.#drawProgress(flow);
    this.#drawTime();
    this.#drawFailure(flow);
  }

  /** @param {Flow} flow */
  #drawName(flow) {
    say(find("name"), flow.name ?? flow.id);
    const values = { owner: isolated(flow.owner ?? ""), created: this.#moment(flow.created) };
    say(find("whose"), this.#language.text(flow.owner === null ? "flow.nobody" : "flow.owner", values));
  }

  /** @param {string} moment */
  #moment(moment) {
    const format = new Intl.DateTimeFormat(this.#language.locale, { dateStyle: "long", timeStyle: "medium" });
    return format.format(new Date(moment));
  }

  /** @param {Flow} flow */
  #drawProgress(flow) {
    const views = levelsOf(flow).flat();
    const counts = countsOf(views);
    const settled = settledOf(counts);
    const { total } = counts;
    const words = this.#language.text("flow.settled.value", { settled, total });
    say(find("settled"), words);
    say(find("results"), this.#language.number(resultsOf(views)));
    say(find("results-word"), this.#language.text(flow.state === "running" ? "flow.results.sofar" : "flow.results"));
    say(find("share"), this.#language.percent(Math.floor((100 * settled) / total) / 100));
    find("water").style.blockSize = `${(OVERFULL * settled) / total}%`;
    this.#tally.draw(counts);
    const values = { "aria-valuemax": total, "aria-valuenow": settled, "aria-valuetext": words };
    for (const [name, value] of Object.entries(values)) this.#tally.bar.setAttribute(name, String(value));
  }

  #drawTime() {
    if (this.#flow === null) return;
    const { created, seconds } = this.#flow;
    const sofar = Math.floor((Date.now() + this.#ahead - Date.parse(created)) / 1000);
    say(find("time"), this.#language.duration(seconds ?? Math.max(0, sofar)));
    say(find("time-word"), this.#language.text(seconds === null ? "flow.time.sofar" : "flow.time"));
  }

  /** @param {Flow} flow */
  #drawFailure({ failure }) {
    find("failure").hidden = !failure;
    if (!failure) return;
    say(find("failure-path"), failure.path);
    say(find("failure-reason"), failure.reason.slice(0, LONGEST_REASON));
  }
}

/** Of all steps, those that are repeated too. @param {import("./flow-watch.js").EntryView[]} views */
const resultsOf = (views) => views.reduce((sum, { iterations }) => sum + iterations, 0);
