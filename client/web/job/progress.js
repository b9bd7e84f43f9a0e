// The progress of a job: share, rate, time left, and a bar with the states of its variables.

import { byId, setText } from "../dom.js";
import { StateCounts } from "../flow/states.js";

/** @typedef {import("./poller.js").Activity} Activity */

/** How the states look, in the order of the bar; see flow/states.css. */
const LOOKS = /** @type {const} */ ({
  done: "done",
  held: "held",
  leased: "computing",
  failed: "failed",
  withdrawn: "cancelled",
  open: "waiting",
});
/** Height of the full gauge in percent: above 100, so that the edge of the fill is out of sight. */
const FULL = 102;

export class JobProgress {
  #language;
  #counts;

  /** @param {import("../languages.js").Language} language */
  constructor(language) {
    this.#language = language;
    const progressbar = { role: "progressbar", "aria-label": language.text("job-page.progress") };
    const kind = { states: Object.values(LOOKS), texts: "job-page.count" };
    this.#counts = new StateCounts(language, progressbar, kind);
  }

  /** @param {Activity} activity */
  render({ variables, results_per_minute: rate, eta_seconds: left, complete }) {
    const { total } = variables;
    const finished = variables.done + variables.withdrawn;
    const text = this.#language.text("job-page.units.value", { finished, total });
    const share = total ? finished / total : 0;
    setText(byId("share"), this.#language.percent(Math.floor(100 * share) / 100));
    setText(byId("finished"), text);
    setText(byId("rate"), this.#language.number(rate, { maximumSignificantDigits: rate < 100 ? 3 : 4 }));
    setText(byId("left"), left === null ? "–" : this.#language.longDuration(left));
    setText(byId("left-label"), this.#language.text(complete ? "job-page.left.none" : "job-page.left"));
    byId("gauge-fill").style.blockSize = `${FULL * share}%`;
    this.#renderBar(variables, { "aria-valuemax": total, "aria-valuenow": finished, "aria-valuetext": text });
  }

  /** @param {Activity["variables"]} variables @param {Record<string, string | number>} values */
  #renderBar(variables, values) {
    const { bar, list } = this.#counts;
    const counts = Object.entries(LOOKS).map(([state, look]) => [look, variables[/** @type {"open"} */ (state)]]);
    this.#counts.render(Object.fromEntries(counts));
    for (const [name, value] of Object.entries(values)) bar.setAttribute(name, String(value));
    // In the place of the bar that the server has drawn.
    if (!bar.isConnected) byId("overall").replaceChildren(bar, list);
  }
}
