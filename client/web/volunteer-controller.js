// Decides, for the page and the widget, whether this tab computes: by the visitor's preferences, the power supply and
// the lock between tabs. Every change of one of these calls `#update`, which checks all of them.

// With the page, although it is used only once the visitor starts: after an upgrade of the pool the library would load
// modules that don't fit its own.
import "../js/browser/platform.js";
import { volunteer } from "../js/index.js";
import { Power } from "./power.js";
import { Preferences } from "./preferences.js";
import { TabLock } from "./tab-lock.js";

/** @typedef {import("../js/index.js").Volunteer} Volunteer */
/** @typedef {import("../js/lib/status.js").ErrorEvent} ErrorEvent */
/** @typedef {import("../js/lib/status.js").UnitEvent} UnitEvent */
/** @typedef {import("../js/lib/status.js").WorkerStatus} WorkerStatus */
/**
 * @typedef {"new" | "starting" | "computing" | "no-work" | "offline" | "foreign" | "pausing" | "paused" | "unplugged" |
 *   "other-tab" | "blocked" | "unseen"} Status
 */

export class VolunteerController {
  /** @type {Status} */
  status = "new";
  /** Why computing is impossible here; null while it is possible. @type {ErrorEvent | null} */
  blockingError = null;
  #root;
  #listener;
  /** @type {Volunteer | null} */
  #volunteer = null;
  /** @type {ErrorEvent | null} */
  #lastError = null;
  /** Why no unit can be fetched or posted; null while that works. @type {"offline" | "foreign" | null} */
  #outage = null;
  /** Workers whose last request for work has failed. @type {Set<number>} */
  #failed = new Set();
  /** The page may be hidden from the visitor: consent of an earlier visit does not suffice to compute. */
  #isUnseen;
  /** Not once it runs again: a pause that ends then must not give the lock away. */
  #isPausing = false;
  /** Seconds of processor time of the volunteers before this one. */
  #usedBefore = 0;

  /**
   * @param {string} root the pool's address
   * @param {string} key of the preferences in localStorage
   * @param {import("./preferences.js").Settings} defaults
   * @param {{onchange: () => void, onworker: () => void, onunit: (unit: UnitEvent) => void,
   *   onerror: (error: ErrorEvent) => void, onforget: () => void}} listener
   * @param {boolean} isUnseen until `markSeen`, or the visitor starts
   */
  constructor(root, key, defaults, listener, isUnseen = false) {
    this.#root = root;
    this.#isUnseen = isUnseen;
    this.#listener = listener;
    this.preferences = new Preferences(key, defaults, () => this.#preferencesChangedElsewhere());
    this.power = new Power(() => this.#update());
    this.tabLock = new TabLock(() => this.#update());
    addEventListener("pagehide", () => this.#leave());
    addEventListener("pageshow", (event) => event.persisted && this.#update());
  }

  /** @returns whether it continues from the last visit */
  resume() {
    this.#applyPreferences();
    return this.preferences.state === "running";
  }

  start() {
    this.blockingError = null;
    this.#isUnseen = false;
    this.preferences.consent();
    this.#applyPreferences();
  }

  /** The visitor sees the page now: it may continue from the last visit. */
  markSeen() {
    this.#isUnseen = false;
    this.#update();
  }

  pause() {
    this.preferences.pause();
    this.#applyPreferences();
  }

  /** Becomes the volunteer that another device of the visitor is. @param {string} volunteer */
  adopt(volunteer) {
    void this.#release()?.stop();
    this.preferences.adopt(volunteer);
    this.#applyPreferences();
  }

  /** Pauses without finishing active units. */
  async stop() {
    this.preferences.pause();
    await this.#release()?.stop();
    this.#applyPreferences();
  }

  /** Stops at once and deletes consent, id and totals. */
  forget() {
    this.preferences.forget();
    this.#reset();
    this.#usedBefore = 0;
  }

  /** @param {Partial<import("./preferences.js").Settings>} settings take effect at once */
  changeSettings(settings) {
    this.preferences.changeSettings(settings);
    this.#applyPreferences();
  }

  /** The functions of jobs that the visitor has agreed to. */
  get pins() {
    return this.preferences.settings.pins;
  }

  /** @param {import("../js/lib/pins.js").Pins} pins */
  changePins(pins) {
    this.changeSettings({ pins });
  }

  /** Seconds of processor time that computing took on this visit. */
  get used() {
    return this.#usedBefore + (this.#volunteer?.totals.used ?? 0);
  }

  get workers() {
    return this.#volunteer?.workers ?? [];
  }

  #preferencesChangedElsewhere() {
    if (this.preferences.state === "new") this.#reset();
    else this.#applyPreferences();
  }

  #applyPreferences() {
    this.#volunteer?.configure(this.#options());
    this.#update();
    this.#listener.onchange();
  }

  #reset() {
    this.blockingError = null;
    this.#listener.onforget();
    this.#applyPreferences();
  }

  #options() {
    const { owners, workers, throttle, gpu, pins } = this.preferences.settings;
    return { owners, workers, throttle, gpu, pins };
  }

  #update() {
    this.#isPausing = false;
    const { state, settings } = this.preferences;
    if (state === "new") this.#stop("new");
    else if (state === "paused") this.#pause("paused");
    else if (this.#isUnseen) this.#stop("unseen");
    else if (this.blockingError) this.#stop("blocked");
    else if (settings.plugged && !this.power.isPlugged) this.#pause("unplugged");
    else this.#run();
  }

  #run() {
    if (this.tabLock.isHeld) this.#compute();
    else if (this.tabLock.isHeldElsewhere) this.#setStatus("other-tab");
    else this.#acquireLock();
  }

  #acquireLock() {
    this.#setStatus("starting");
    this.tabLock.acquire();
  }

  #compute() {
    if (this.#volunteer) void this.#volunteer.resume();
    else this.#startVolunteer();
    this.#updateStatus();
  }

  #startVolunteer() {
    this.#outage = null;
    this.#setStatus("starting");
    // The page is the pool's own: its address is right, whoever responds at present.
    const fixed = { volunteer: this.preferences.volunteer, retryForeign: true };
    const started = volunteer(this.#root, { ...this.#options(), ...fixed });
    this.#volunteer = started;
    this.#subscribe(started);
    void started.start();
  }

  /** Ignores events of a volunteer that has been replaced: stopping takes a while. @param {Volunteer} source */
  #subscribe(source) {
    const isCurrent = () => source === this.#volunteer;
    source.on("state", ({ state }) => isCurrent() && this.#handleState(state));
    source.on("worker", (worker) => isCurrent() && this.#handleWorker(worker));
    source.on("unit", (unit) => isCurrent() && this.#handleUnit(unit));
    source.on("error", (error) => isCurrent() && this.#handleError(error));
  }

  /** A volunteer that stops by itself can't run here. @param {import("../js/lib/status.js").State} state */
  #handleState(state) {
    if (state === "stopped") this.blockingError = this.#lastError;
    if (state === "stopped") this.#update();
    this.#updateStatus();
  }

  /** Lets active units finish before the lock goes to another tab. @param {Status} status */
  #pause(status) {
    const pausing = this.#volunteer;
    this.#isPausing = true;
    this.#setStatus(pausing && pausing.state !== "paused" ? "pausing" : status);
    if (pausing) void pausing.pause().then(() => this.#finishPause(status));
    else this.tabLock.release();
  }

  /** @param {Status} status */
  #finishPause(status) {
    if (!this.#isPausing || this.#volunteer?.state !== "paused") return;
    this.tabLock.release();
    this.#setStatus(status);
  }

  /** @param {Status} status */
  #stop(status) {
    const stopping = this.#release();
    void stopping?.stop();
    this.tabLock.release();
    this.#setStatus(status);
  }

  /**
   * The page may come back from the back/forward cache, so everything is left as after a load. The library returns the
   * leases on `pagehide` by itself; stopping waits until it has done so.
   */
  #leave() {
    const stopping = this.#release();
    this.preferences.save();
    this.tabLock.release();
    setTimeout(() => stopping?.stop());
  }

  /** The volunteer, which is to be stopped. */
  #release() {
    this.#usedBefore = this.used;
    const released = this.#volunteer;
    this.#volunteer = null;
    return released;
  }

  /** @param {WorkerStatus} worker */
  #handleWorker(worker) {
    if (worker.state === "fetching") this.#failed.delete(worker.number);
    // The pool has responded, perhaps that it has no work.
    if (worker.state === "computing" || (isIdle(worker) && !this.#failed.has(worker.number))) this.#outage = null;
    this.#updateStatus();
    this.#listener.onworker();
  }

  /** @param {UnitEvent} unit */
  #handleUnit(unit) {
    this.#outage = null;
    if (unit.outcome === "accepted") this.preferences.addUnit(unit.seconds);
    this.#updateStatus();
    this.#listener.onunit(unit);
  }

  /** @param {ErrorEvent} error */
  #handleError(error) {
    this.#lastError = error;
    if (error.worker !== undefined) this.#failed.add(error.worker);
    if (error.kind === "offline" || error.kind === "foreign") this.#outage = error.kind;
    this.#updateStatus();
    this.#listener.onerror(error);
  }

  /** The status of a running volunteer follows from its workers. */
  #updateStatus() {
    if (this.#volunteer?.state !== "running") return;
    if (this.#outage) this.#setStatus(this.#outage);
    else if (this.workers.every(({ state }) => state === "idle")) this.#setStatus("starting");
    else this.#setStatus(this.workers.every(hasNoWork) ? "no-work" : "computing");
  }

  /** @param {Status} status */
  #setStatus(status) {
    if (status === this.status) return;
    this.status = status;
    this.#listener.onchange();
  }
}

/** A worker that waits with a job is uploading its last result. @param {WorkerStatus} worker */
const isIdle = ({ state, job }) => state === "waiting" && !job;

/** @param {WorkerStatus} worker */
const hasNoWork = (worker) => worker.state === "idle" || isIdle(worker);
