// The visitor's activity: units of this visit, their rate, and what each worker does.

import { byId, element, onceASecond, setText } from "./dom.js";
import { isolate } from "./languages.js";

/** @typedef {import("../js/lib/status.js").WorkerStatus} WorkerStatus */

const MINUTE = 60_000;

/** The units of this visit. */
export class Counts {
  units = 0;
  /** When each unit of the last minute was done, in milliseconds, ascending. @type {number[]} */
  #moments = [];

  add(now = performance.now()) {
    this.units += 1;
    this.#moments.push(now);
  }

  inLastMinute(now = performance.now()) {
    const first = this.#moments.findIndex((moment) => moment > now - MINUTE);
    this.#moments.splice(0, first < 0 ? this.#moments.length : first);
    return this.#moments.length;
  }
}

export class Activity {
  #language;
  #controller;
  #titleOf;
  #counts = new Counts();
  /** Renders now or soon. */
  render = onceASecond(() => this.#renderNow());

  /**
   * @param {import("./languages.js").Language} language
   * @param {import("./volunteer-controller.js").VolunteerController} controller
   * @param {(job: string, name: string) => string} titleOf a job, for the visitor
   */
  constructor(language, controller, titleOf) {
    this.#language = language;
    this.#controller = controller;
    this.#titleOf = titleOf;
    setInterval(() => document.hidden || this.render(), 1000);
  }

  /** A unit was accepted. */
  addUnit() {
    this.#counts.add();
    this.render();
  }

  reset() {
    this.#counts = new Counts();
    this.render();
  }

  #renderNow() {
    this.#renderCounts();
    this.#renderWorkers();
  }

  #renderCounts() {
    const { units } = this.#counts;
    const rate = this.#counts.inLastMinute();
    const total = this.#controller.preferences.totals.units;
    setText(byId("units"), this.#language.number(units));
    setText(byId("time"), this.#language.duration(this.#controller.used));
    this.#renderUnless(units, "rate", rate);
    this.#renderUnless(units, "total", total);
  }

  /** A number that only repeats the units of this visit is not shown. @param {number} units @param {string} id @param {number} value */
  #renderUnless(units, id, value) {
    setText(byId(id), this.#language.number(value));
    byId(id).parentElement.hidden = value === units;
  }

  #renderWorkers() {
    const { workers } = this.#controller;
    const list = byId("worker-list");
    while (list.childElementCount > workers.length) list.lastElementChild.remove();
    while (list.childElementCount < workers.length) list.append(workerRow());
    for (const worker of workers) this.#renderWorker(list.children[worker.number - 1], worker);
    byId("workers-section").hidden = workers.length === 0;
  }

  /** @param {HTMLElement} row @param {WorkerStatus} worker */
  #renderWorker(row, { number, state, job, jobName, since }) {
    const [name, what, time] = row.children;
    row.dataset.state = state;
    setText(name, this.#language.text("worker.name", { number }));
    setText(what, this.#stateText(state, jobName && this.#titleOf(job, jobName)));
    setText(time, state === "computing" ? this.#elapsed(since) : "");
  }

  /** Whole seconds, as often as it is rendered. @param {number} since milliseconds since the epoch */
  #elapsed(since) {
    const seconds = Math.floor((Date.now() - since) / 1000);
    return seconds > 0 ? this.#language.duration(seconds) : "";
  }

  /** @param {string} state @param {string} jobName */
  #stateText(state, jobName) {
    if (!jobName) return this.#language.text(`worker.${state}`);
    return this.#language.text(`worker.${state}.job`, { job: isolate(jobName) });
  }
}

function workerRow() {
  const parts = ["name", "what", "since"].map((part) => element("span", { class: part }));
  return element("li", { class: "worker" }, ...parts);
}
