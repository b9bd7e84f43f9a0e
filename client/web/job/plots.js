// The plots of a job: results in each minute of the last hour, and the run times of the latest results.

import { byId, setText } from "../dom.js";
import { runTime } from "../tables.js";
import { plot } from "./plot.js";

/** @typedef {import("./poller.js").Activity} Activity */

const MINUTES = 60;
const MINUTE = 60_000;

export class JobPlots {
  #language;

  /** @param {import("../languages.js").Language} language */
  constructor(language) {
    this.#language = language;
  }

  /** @param {Activity} activity @param {number} clockOffset the pool's clock minus this one, in milliseconds */
  render({ minutes, run_times: times }, clockOffset) {
    this.#renderMinutes(minutes, Math.floor((Date.now() + clockOffset) / MINUTE));
    this.#renderTimes(times);
  }

  /** @param {Activity["minutes"]} minutes @param {number} now */
  #renderMinutes(minutes, now) {
    const byMinute = new Map(minutes.map(({ at, results }) => [Math.floor(Date.parse(at) / MINUTE), results]));
    const bars = Array.from({ length: MINUTES }, (_, index) => {
      const minute = now - MINUTES + 1 + index;
      const count = byMinute.get(minute) ?? 0;
      const time = this.#language.minute(new Date(minute * MINUTE));
      return { value: count, title: this.#language.text("job-page.minutes.bar", { time, count }) };
    });
    const values = bars.map(({ value }) => value);
    const highest = Math.max(...values);
    const count = values.reduce((sum, value) => sum + value, 0);
    const key = count ? "job-page.minutes.note" : "job-page.minutes.none";
    this.#show("minutes", bars, this.#language.text(key, { count, highest }), highest);
  }

  /** @param {Activity["run_times"]} times */
  #renderTimes(times) {
    const intervals = times?.intervals ?? [];
    const time = (/** @type {number} */ seconds) => runTime(seconds, this.#language);
    const bars = intervals.map(({ from, to, results: count }) => {
      const values = { from: time(from), to: time(to), count };
      return { value: count, title: this.#language.text("job-page.times.bar", values) };
    });
    const [count, share] = [times?.count ?? 0, this.#language.percent(0.95)];
    const note = times && { count, share, median: time(times.median), most: time(times.p95) };
    const text = note ? this.#language.text("job-page.times.note", note) : this.#language.text("job-page.none");
    this.#show("times", bars, text, Math.max(0, ...bars.map(({ value }) => value)));
    setText(byId("times-first"), intervals.length ? time(intervals[0].from) : "");
    setText(byId("times-last"), intervals.length ? time(intervals[intervals.length - 1].to) : "");
  }

  /** @param {"minutes" | "times"} name @param {import("./plot.js").Bar[]} bars @param {string} note @param {number} highest */
  #show(name, bars, note, highest) {
    setText(byId(`${name}-note`), note);
    setText(byId(`${name}-highest`), highest ? this.#language.number(highest) : "");
    plot(byId(name), bars, note);
  }
}
