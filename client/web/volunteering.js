// The course of things, for the page and the widget: what is remembered says what is wanted; whether it runs depends on
// the plug and on other tabs, too. Whatever may change one of these ends in `#follow`.

import { volunteer } from "../js/index.js";
import { Memory } from "./memory.js";
import { Power } from "./power.js";
import { Turn } from "./turn.js";

/** @typedef {import("../js/lib/report.js").ErrorReport} ErrorReport */
/** @typedef {import("../js/lib/report.js").UnitReport} UnitReport */
/** @typedef {import("../js/lib/report.js").WorkerView} WorkerView */
/**
 * @typedef {"new" | "starting" | "computing" | "nothing" | "offline" | "pausing" | "paused" | "unplugged" |
 *   "elsewhere" | "impossible"} Status
 */

export class Volunteering {
  /** @type {Status} */
  status = "new";
  #root;
  #listener;
  /** @type {import("../js/index.js").Volunteer | null} */
  #volunteer = null;
  /** Why it can't run here at all. @type {ErrorReport | null} */
  obstacle = null;
  /** @type {ErrorReport | null} */
  #lastError = null;
  #isOffline = false;

  /**
   * @param {string} root the pool's address
   * @param {string} key what is remembered is kept under it
   * @param {import("./memory.js").Settings} defaults
   * @param {{onchange: () => void, onworker: () => void, onunit: (unit: UnitReport) => void,
   *   onerror: (error: ErrorReport) => void, onforget: () => void}} listener
   */
  constructor(root, key, defaults, listener) {
    this.#root = root;
    this.#listener = listener;
    this.memory = new Memory(key, defaults, () => this.#changed());
    this.power = new Power(() => this.#follow());
    this.turn = new Turn(() => this.#follow());
    addEventListener("pagehide", () => this.#leave());
    addEventListener("pageshow", (event) => event.persisted && this.#follow());
  }

  /** @returns whether it goes on from the last visit */
  resume() {
    this.#remembered();
    return this.memory.state === "running";
  }

  start() {
    this.obstacle = null;
    this.memory.begin();
    this.#remembered();
  }

  pause() {
    this.memory.pause();
    this.#remembered();
  }

  /** Stops at once and takes back consent, id and totals. */
  forget() {
    this.memory.forget();
    this.#forgotten();
  }

  /** @param {Partial<import("./memory.js").Settings>} settings they hold at once */
  choose(settings) {
    this.memory.choose(settings);
    this.#remembered();
  }

  get workers() {
    return this.#volunteer?.workers ?? [];
  }

  /** Another tab has changed what is remembered. */
  #changed() {
    if (this.memory.state === "new") this.#forgotten();
    else this.#remembered();
  }

  /** What is remembered has changed. */
  #remembered() {
    this.#volunteer?.configure(this.#options());
    this.#follow();
    this.#listener.onchange();
  }

  #forgotten() {
    this.obstacle = null;
    this.#listener.onforget();
    this.#remembered();
  }

  #options() {
    const { owners, workers, throttle, gpu } = this.memory.settings;
    return { owners, workers, throttle, gpu };
  }

  #follow() {
    const { state, settings } = this.memory;
    if (state === "new") this.#stop("new");
    else if (state === "paused") this.#rest("paused");
    else if (this.obstacle) this.#stop("impossible");
    else if (settings.plugged && !this.power.isPlugged) this.#rest("unplugged");
    else this.#run();
  }

  #run() {
    if (this.turn.isMine) this.#compute();
    else if (this.turn.isElsewhere) this.#show("elsewhere");
    else this.#queue();
  }

  #queue() {
    this.#show("starting");
    this.turn.take();
  }

  #compute() {
    if (this.#volunteer) void this.#volunteer.resume();
    else this.#begin();
    this.#look();
  }

  #begin() {
    this.#isOffline = false;
    this.#show("starting");
    const begun = volunteer(this.#root, { ...this.#options(), volunteer: this.memory.volunteer });
    this.#volunteer = begun;
    this.#listen(begun);
    void begun.start();
  }

  /** Not to what is said once it has been stopped. @param {import("../js/index.js").Volunteer} begun */
  #listen(begun) {
    const isCurrent = () => begun === this.#volunteer;
    begun.on("state", ({ state }) => isCurrent() && this.#became(state));
    begun.on("worker", (worker) => isCurrent() && this.#worked(worker));
    begun.on("unit", (unit) => isCurrent() && this.#finished(unit));
    begun.on("error", (error) => isCurrent() && this.#failed(error));
  }

  /** @param {import("../js/lib/report.js").State} state */
  #became(state) {
    if (state === "stopped") this.obstacle = this.#lastError;
    if (state === "stopped") this.#follow();
    this.#look();
  }

  /** Lets the units at hand come to their end; then another tab may have its turn. @param {Status} status */
  #rest(status) {
    const paused = this.#volunteer;
    this.#show(paused && paused.state !== "paused" ? "pausing" : status);
    if (paused) void paused.pause().then(() => this.#rested(status));
    else this.turn.give();
  }

  /** @param {Status} status */
  #rested(status) {
    if (this.#volunteer?.state !== "paused") return;
    this.turn.give();
    this.#show(status);
  }

  /** @param {Status} status */
  #stop(status) {
    const stopped = this.#volunteer;
    this.#volunteer = null;
    void stopped?.stop();
    this.turn.give();
    this.#show(status);
  }

  /** The page goes away, perhaps to come back as it was. Then, too, the leases are given back: by the library. */
  #leave() {
    const left = this.#volunteer;
    this.#volunteer = null;
    this.memory.save();
    this.turn.give();
    setTimeout(() => left?.stop());
  }

  /** @param {WorkerView} worker */
  #worked(worker) {
    if (worker.state === "computing") this.#isOffline = false;
    this.#look();
    this.#listener.onworker();
  }

  /** @param {UnitReport} unit */
  #finished(unit) {
    this.#isOffline = false;
    if (unit.outcome === "accepted") this.memory.add(unit.seconds);
    this.#look();
    this.#listener.onunit(unit);
  }

  /** @param {ErrorReport} error */
  #failed(error) {
    this.#lastError = error;
    if (error.kind === "offline") this.#isOffline = true;
    this.#look();
    this.#listener.onerror(error);
  }

  /** What a running volunteer is seen to do. */
  #look() {
    if (this.#volunteer?.state !== "running") return;
    if (this.#isOffline) this.#show("offline");
    else if (this.workers.every(({ state }) => state === "idle")) this.#show("starting");
    else this.#show(this.workers.every(isUnemployed) ? "nothing" : "computing");
  }

  /** @param {Status} status */
  #show(status) {
    if (status === this.status) return;
    this.status = status;
    this.#listener.onchange();
  }
}

/** One that waits with a job waits for its last result to be posted. @param {WorkerView} worker */
const isUnemployed = ({ state, job }) => state === "idle" || (state === "waiting" && !job);
