// The beginning of it all, for the page and the widget: for whom, the one button, and in what state it is.

import { find, say } from "./dom.js";
import { ownerOf } from "./job-card.js";
import { isolated } from "./languages.js";
import { cores } from "./memory.js";

/** @typedef {import("../js/index.js").Document} Document */
/** @typedef {import("./volunteering.js").Status} Status */

const NAMED = 4;

/** @typedef {"start" | "pause" | "resume" | "again"} Action */

/** What the button does in each state; in all others it pauses. @type {Partial<Record<Status, Action>>} */
const BUTTON = { new: "start", paused: "resume", pausing: "resume", impossible: "again" };
/** @type {Partial<Record<Action, string>>} */
const TITLES = { pause: "title.computing", resume: "title.paused" };

export class Start {
  #language;
  #volunteering;
  /** Those that may run; null until they are known. @type {Document[] | null} */
  #jobs = null;
  #name = document.documentElement.dataset.name ?? "";
  #texts;

  /**
   * @param {import("./languages.js").Language} language
   * @param {import("./volunteering.js").Volunteering} volunteering
   * @param {{whose: string, plan: string}} texts which of them say for whom, and how much
   */
  constructor(language, volunteering, texts) {
    this.#language = language;
    this.#volunteering = volunteering;
    this.#texts = texts;
    find("toggle").addEventListener("click", () => this.#toggle());
  }

  /** @param {Document[]} jobs of the pool */
  offer(jobs) {
    this.#jobs = jobs.filter((job) => job.content.state === "open");
    this.draw();
  }

  draw() {
    const { status } = this.#volunteering;
    const action = BUTTON[status] ?? "pause";
    document.documentElement.dataset.status = status;
    say(find("toggle"), this.#language.text(`button.${action}`));
    say(find("status"), this.#language.text(`status.${status}`));
    find("toggle").classList.toggle("primary", action !== "pause");
    this.#drawTitle(action);
    this.#drawObstacle();
    say(find("whose"), this.#whose());
    say(find("plan"), this.#plan());
  }

  #toggle() {
    const action = BUTTON[this.#volunteering.status] ?? "pause";
    if (action === "pause") this.#volunteering.pause();
    else this.#volunteering.start();
  }

  /** @param {Action} action */
  #drawTitle(action) {
    const title = TITLES[action];
    document.title = title ? this.#language.text(title, { name: this.#name }) : this.#name;
  }

  /** Only this is an alert: without the visitor nothing will change. */
  #drawObstacle() {
    const { obstacle } = this.#volunteering;
    const key = obstacle?.kind === "platform" ? "obstacle.platform" : "obstacle.pool";
    find("obstacle").hidden = obstacle === null;
    say(find("obstacle"), obstacle ? this.#language.text(key, { message: isolated(obstacle.message) }) : "");
  }

  #whose() {
    if (this.#jobs === null) return "";
    const { owners } = this.#volunteering.memory.settings;
    const jobs = this.#jobs.filter((job) => owners.length === 0 || owners.includes(ownerOf(job) ?? ""));
    if (jobs.length === 0) return this.#language.text("whose.none");
    const names = jobs.map((job) => String(job.content.name));
    const values = { count: jobs.length, owners: this.#some([...new Set(jobs.map(ownerOf))]), jobs: this.#some(names) };
    return this.#language.text(this.#texts.whose, values);
  }

  /** A few by name, the others by number. @param {(string | null)[]} names */
  #some(names) {
    const shown = names.length > NAMED ? names.slice(0, NAMED - 1) : names;
    const rest = names.length - shown.length;
    const more = rest > 0 ? [this.#language.text("whose.more", { count: rest })] : [];
    const named = shown.map((name) => isolated(name ?? this.#language.text("whose.nobody")));
    return this.#language.list([...named, ...more]);
  }

  #plan() {
    const { workers, throttle } = this.#volunteering.memory.settings;
    const values = { workers: workers, count: cores(), share: this.#language.percent(throttle) };
    return this.#language.text(this.#texts.plan, values);
  }
}
