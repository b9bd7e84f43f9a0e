// The header of a flow's page: name and owner, progress, duration, and the reason of a failure or of a wait.

import { byId, setText } from "../dom.js";
import { isolate } from "../languages.js";
import { levelsOf } from "./poller.js";
import { countsOf, finishedOf, StateCounts } from "./states.js";

/** @typedef {import("./poller.js").Entry} Entry */
/** @typedef {import("./poller.js").Flow} Flow */
/** @typedef {import("../languages.js").Language} Language */

const MAX_REASON_LENGTH = 4_000;
/** Height of the full gauge in percent: above 100, so that the edge of the fill is out of sight. */
const FULL = 102;

export class FlowHeader {
  #language;
  #stateCounts;
  /** @type {Flow | null} */
  #flow = null;
  #clockOffset = 0;

  /** @param {Language} language */
  constructor(language) {
    this.#language = language;
    const progressbar = { role: "progressbar", "aria-label": language.text("flow.progress") };
    this.#stateCounts = new StateCounts(language, progressbar);
    byId("overall").append(this.#stateCounts.bar, this.#stateCounts.list);
    setInterval(() => document.hidden || this.#renderDuration(), 1000);
  }

  /** @param {Flow} flow @param {number} clockOffset the pool's clock minus this one, in milliseconds */
  render(flow, clockOffset) {
    this.#flow = flow;
    this.#clockOffset = clockOffset;
    this.#renderName(flow);
    this.#renderProgress(flow);
    this.#renderDuration();
    this.#renderFailure(flow);
  }

  /** @param {Flow} flow */
  #renderName(flow) {
    setText(byId("name"), flow.name ?? flow.id);
    const values = { owner: isolate(flow.owner ?? ""), created: this.#dateTime(flow.created) };
    setText(byId("subtitle"), this.#language.text(flow.owner === null ? "flow.unnamed" : "flow.owner", values));
  }

  /** @param {string} moment */
  #dateTime(moment) {
    const format = new Intl.DateTimeFormat(this.#language.locale, { dateStyle: "long", timeStyle: "medium" });
    return format.format(new Date(moment));
  }

  /** @param {Flow} flow */
  #renderProgress(flow) {
    const entries = levelsOf(flow).flat();
    const counts = countsOf(entries);
    const finished = finishedOf(counts);
    const { total } = counts;
    const text = this.#language.text("flow.finished.value", { finished, total });
    setText(byId("finished"), text);
    const resultsLabel = flow.state === "running" ? "flow.results.so-far" : "flow.results";
    setText(byId("results"), this.#language.number(resultsOf(entries)));
    setText(byId("results-label"), this.#language.text(resultsLabel));
    setText(byId("share"), this.#language.percent(Math.floor((100 * finished) / total) / 100));
    byId("gauge-fill").style.blockSize = `${(FULL * finished) / total}%`;
    this.#stateCounts.render(counts);
    const values = { "aria-valuemax": total, "aria-valuenow": finished, "aria-valuetext": text };
    for (const [name, value] of Object.entries(values)) this.#stateCounts.bar.setAttribute(name, String(value));
  }

  #renderDuration() {
    if (this.#flow === null) return;
    const { created, seconds } = this.#flow;
    const elapsed = Math.floor((Date.now() + this.#clockOffset - Date.parse(created)) / 1000);
    setText(byId("time"), this.#language.duration(seconds ?? Math.max(0, elapsed)));
    setText(byId("time-label"), this.#language.text(seconds === null ? "flow.time.so-far" : "flow.time"));
  }

  /** @param {Flow} flow */
  #renderFailure({ failure, blocked: [blocked] = [] }) {
    const shown = failure ?? blocked;
    byId("failure").hidden = !shown;
    if (!shown) return;
    const help = failure ? [] : [this.#language.text("flow.blocked.until", { until: this.#dateTime(blocked.until) })];
    setText(byId("failure-heading"), this.#language.text(failure ? "flow.failure" : "flow.blocked"));
    setText(byId("failure-path"), shown.path);
    setText(byId("failure-reason"), [shown.reason.slice(0, MAX_REASON_LENGTH), ...help].join("\n"));
  }
}

/** Every iteration of a repeated entry has a result. @param {Entry[]} entries */
const resultsOf = (entries) => entries.reduce((sum, { iterations }) => sum + iterations, 0);
