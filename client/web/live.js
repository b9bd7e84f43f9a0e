// What happens now: units done, their rate, and what each worker does. Drawn only if seen.

import { element, find, say } from "./dom.js";
import { isolated } from "./languages.js";

/** @typedef {import("../js/lib/report.js").WorkerView} WorkerView */

const MINUTE = 60_000;
const RIPPLE_EVERY = 500;
const DRAW_AFTER = 100;
const isStill = matchMedia("(prefers-reduced-motion: reduce)");

/** The units of this visit. */
export class Tally {
  units = 0;
  seconds = 0;
  /** When each unit of the last minute was done. @type {number[]} */
  #moments = [];

  /** @param {number} seconds that the unit took */
  add(seconds, now = performance.now()) {
    this.units += 1;
    this.seconds += seconds;
    this.#moments.push(now);
  }

  inLastMinute(now = performance.now()) {
    const first = this.#moments.findIndex((moment) => moment > now - MINUTE);
    this.#moments.splice(0, first < 0 ? this.#moments.length : first);
    return this.#moments.length;
  }
}

export class Live {
  #language;
  #volunteering;
  #tally = new Tally();
  #isDrawing = false;
  #rippled = 0;

  /**
   * @param {import("./languages.js").Language} language
   * @param {import("./volunteering.js").Volunteering} volunteering
   */
  constructor(language, volunteering) {
    this.#language = language;
    this.#volunteering = volunteering;
    setInterval(() => document.hidden || this.draw(), 1000);
  }

  /** @param {{seconds: number}} unit that was accepted */
  add({ seconds }) {
    this.#tally.add(seconds);
    this.#ripple();
    this.draw();
  }

  forget() {
    this.#tally = new Tally();
    this.draw();
  }

  /** Soon; units may be done by the hundred. */
  draw() {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    setTimeout(() => requestAnimationFrame(() => this.#draw()), DRAW_AFTER);
  }

  #draw() {
    this.#isDrawing = false;
    this.#drawFigures();
    this.#drawWorkers();
  }

  #drawFigures() {
    say(find("units"), this.#language.number(this.#tally.units));
    say(find("total"), this.#language.number(this.#volunteering.memory.totals.units));
    say(find("rate"), this.#language.number(this.#tally.inLastMinute()));
    say(find("time"), this.#language.duration(this.#tally.seconds));
  }

  #drawWorkers() {
    const { workers } = this.#volunteering;
    const list = find("worker-list");
    while (list.childElementCount > workers.length) list.lastElementChild.remove();
    while (list.childElementCount < workers.length) list.append(row());
    for (const worker of workers) this.#drawWorker(list.children[worker.number - 1], worker);
    find("workers-now").hidden = workers.length === 0;
  }

  /** @param {HTMLElement} row @param {WorkerView} worker */
  #drawWorker(row, { number, state, jobName, since }) {
    const [name, what, time] = row.children;
    row.dataset.state = state;
    say(name, this.#language.text("worker.name", { number }));
    say(what, this.#doing(state, jobName));
    say(time, state === "computing" ? this.#elapsed(since) : "");
  }

  /** In whole seconds, since it is drawn but once a second. @param {number} since milliseconds of the date */
  #elapsed(since) {
    const seconds = Math.floor((Date.now() - since) / 1000);
    return seconds > 0 ? this.#language.duration(seconds) : "";
  }

  /** @param {string} state @param {string} jobName */
  #doing(state, jobName) {
    if (!jobName) return this.#language.text(`worker.${state}`);
    return this.#language.text(`worker.${state}.job`, { job: isolated(jobName) });
  }

  /** A unit makes a ring on the water: seldom enough to cost nothing. */
  #ripple() {
    const now = performance.now();
    if (document.hidden || isStill.matches || now - this.#rippled < RIPPLE_EVERY) return;
    this.#rippled = now;
    const ring = element("span", { class: "ripple" });
    ring.addEventListener("animationend", () => ring.remove());
    find("water").append(ring);
  }
}

function row() {
  const parts = ["name", "what", "since"].map((part) => element("span", { class: part }));
  return element("li", { class: "worker" }, ...parts);
}
