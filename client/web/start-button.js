// The start of the page and of the widget: whose jobs would run, the one button, and the status.

import { byId, setText } from "./dom.js";
import { ownerOf } from "./job-card.js";
import { titleOf } from "./job-title.js";
import { isolate } from "./languages.js";
import { cores } from "./preferences.js";

/** @typedef {import("../js/index.js").Document} Document */
/** @typedef {import("./volunteer-controller.js").Status} Status */

/** Longer lists end in a number. */
const MAX_NAMES = 3;

/** @typedef {"start" | "pause" | "resume" | "again"} Action */

/** The button's action by status; in all others it pauses. @type {Partial<Record<Status, Action>>} */
const ACTIONS = { new: "start", paused: "resume", pausing: "resume", unseen: "resume", blocked: "again" };
/** Text keys of the document's title. @type {Partial<Record<Action, string>>} */
const TITLES = { pause: "title.computing", resume: "title.paused" };

/** Kinds of errors with a text of their own in the alert. */
const BLOCKING_KINDS = ["platform", "outdated", "blocked"];

export class StartButton {
  #language;
  #controller;
  /** Open jobs; null until they are loaded. @type {Document[] | null} */
  #jobs = null;
  #poolName = document.documentElement.dataset.name ?? "";
  #keys;
  #start;

  /**
   * @param {import("./languages.js").Language} language
   * @param {import("./volunteer-controller.js").VolunteerController} controller
   * @param {{subtitle: string, usage: string, status?: Partial<Record<Status, string>>}} keys of the texts about whose
   *   jobs run, and on how many cores, and of statuses that differ from the front page's
   * @param {() => void} start called when the visitor presses the button to start
   */
  constructor(language, controller, keys, start = () => controller.start()) {
    this.#language = language;
    this.#controller = controller;
    this.#keys = keys;
    this.#start = start;
    byId("toggle").addEventListener("click", () => this.#toggle());
  }

  /** @param {Document[]} jobs */
  setJobs(jobs) {
    this.#jobs = jobs.filter((job) => job.content.state === "open");
    this.render();
  }

  render() {
    const { status } = this.#controller;
    const action = ACTIONS[status] ?? "pause";
    document.documentElement.dataset.status = status;
    setText(byId("toggle"), this.#language.text(`button.${action}`));
    setText(byId("status"), this.#language.text(this.#keys.status?.[status] ?? `status.${status}`));
    byId("toggle").classList.toggle("primary", action !== "pause");
    this.#renderTitle(action);
    this.#renderAlert();
    setText(byId("subtitle"), this.#subtitle());
    setText(byId("usage"), this.#usage());
  }

  #toggle() {
    const action = ACTIONS[this.#controller.status] ?? "pause";
    if (action === "pause") this.#controller.pause();
    else this.#start();
  }

  /** @param {Action} action */
  #renderTitle(action) {
    const key = TITLES[action];
    document.title = key ? this.#language.text(key, { name: this.#poolName }) : this.#poolName;
  }

  /** The only alert of the page: no other error needs the visitor. */
  #renderAlert() {
    const error = this.#controller.blockingError;
    const key = BLOCKING_KINDS.includes(error?.kind ?? "") ? `blocked.${error?.kind}` : "blocked.pool";
    byId("alert").hidden = error === null;
    setText(byId("alert"), error ? this.#language.text(key, { message: isolate(error.message) }) : "");
  }

  #subtitle() {
    if (this.#jobs === null) return "";
    const { owners } = this.#controller.preferences.settings;
    const jobs = this.#jobs.filter((job) => owners.length === 0 || owners.includes(ownerOf(job) ?? ""));
    if (jobs.length === 0) return this.#language.text("subtitle.none");
    const names = this.#listOf(jobs.map((job) => titleOf(job.content, this.#language)));
    const values = { count: jobs.length, owners: this.#listOf([...new Set(jobs.map(ownerOf))]), jobs: names };
    return this.#language.text(this.#keys.subtitle, values);
  }

  /** @param {(string | null)[]} names */
  #listOf(names) {
    const shown = names.length > MAX_NAMES ? names.slice(0, MAX_NAMES - 1) : names;
    const rest = names.length - shown.length;
    const more = rest > 0 ? [this.#language.text("subtitle.more", { count: rest })] : [];
    const isolated = shown.map((name) => isolate(name ?? this.#language.text("subtitle.unnamed")));
    return this.#language.list([...isolated, ...more]);
  }

  #usage() {
    const { workers, throttle } = this.#controller.preferences.settings;
    const values = { workers, count: cores(), share: this.#language.percent(throttle) };
    return this.#language.text(this.#keys.usage, values);
  }
}
