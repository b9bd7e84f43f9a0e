// A volunteer: several workers that compute for one pool. Here: how they are started, paused, stopped and configured.
import { absolute } from "./document.js";
import { exclusionOf, messageOf } from "./errors.js";
import { randomId, validatedId } from "./identity.js";
import { PoolRefused, Session } from "./session.js";
import { withChanges } from "./settings.js";
import { Status } from "./status.js";
import { WorkerLoop } from "./worker-loop.js";

/** @typedef {import("./session.js").SessionOptions} SessionOptions */
/** @typedef {import("./settings.js").Settings} Settings */
/** @typedef {import("./status.js").Events} Events */
/** @typedef {import("./status.js").State} State */
/** @typedef {import("./status.js").Totals} Totals */
/** @typedef {import("./status.js").WorkerStatus} WorkerStatus */
/** @typedef {import("./worker-context.js").WorkerContext} WorkerContext */
/**
 * @typedef {object} FixedOptions those that `configure` can't change
 * @property {number} [pauseGrace] grace period of a unit when its worker is paused or no longer wanted, in seconds
 * @property {(event: Events["state"]) => void} [onstate]
 * @property {(event: Events["worker"]) => void} [onworker]
 * @property {(event: Events["unit"]) => void} [onunit]
 * @property {(event: Events["error"]) => void} [onerror]
 * @property {(event: Events["progress"]) => void} [onprogress]
 */
/** @typedef {Partial<Settings> & SessionOptions & FixedOptions} VolunteerOptions */
/** @typedef {"running" | "paused" | "stopped"} Goal */

const EVENTS = /** @type {const} */ (["state", "worker", "unit", "error", "progress"]);
const PAUSE_GRACE = 5;
/** @type {State[]} */
const FINAL = ["idle", "paused", "stopped"];
/** @type {Record<Goal, State>} the state until a goal is reached */
const TRANSITION_TO = { running: "running", paused: "pausing", stopped: "stopping" };

/**
 * A volunteer for a pool. Sends no request and computes nothing before `start()`.
 * @param {string | URL} root the pool's address
 * @param {VolunteerOptions} [options]
 */
export const volunteer = (root, options) => new Volunteer(root, options);

/** A state machine: callers set a goal, and `#advance` takes the next step to it whenever something has changed. */
export class Volunteer {
  #root;
  #options;
  #settings;
  #status = new Status();
  /** @type {State} */
  #state = "idle";
  /** @type {Goal} */
  #goal = "stopped";
  /** @type {Session | undefined} */
  #session;
  /** @type {AbortController | undefined} */
  #opening;
  /** Whether the session was opened with outdated settings. */
  #isStale = false;
  /** @type {Map<number, WorkerLoop>} */
  #loops = new Map();
  /** @type {(() => void)[]} */
  #resolvers = [];

  /** @param {string | URL} root @param {VolunteerOptions} [options] */
  constructor(root, options = {}) {
    this.#root = absolute(root);
    this.#settings = withChanges(options);
    this.#options = { ...options, volunteer: validatedId(options.volunteer ?? randomId()) };
    for (const event of EVENTS) {
      const listener = options[`on${event}`];
      if (listener) this.on(event, /** @type {(payload: any) => void} */ (listener));
    }
  }

  /** @returns {State} */
  get state() {
    return this.#state;
  }

  /** @returns {WorkerStatus[]} */
  get workers() {
    return this.#status.workers(this.#settings.workers);
  }

  /** Since the first start. @returns {Totals} */
  get totals() {
    return this.#status.totals;
  }

  /**
   * Subscribes to `state`, `worker`, `unit`, `error` or `progress`.
   * @template {keyof Events} Name
   * @param {Name} event
   * @param {(payload: Events[Name]) => void} listener
   * @returns {() => void} unsubscribes
   */
  on(event, listener) {
    return this.#status.events.on(event, listener);
  }

  /** Starts, or resumes. Resolves when workers run, when starting failed, or when the pool can't be reached yet. */
  start() {
    if (this.#goal !== "running") this.#setGoal("running");
    return this.#whenReached();
  }

  /** Resumes after a pause; without a pause this changes nothing. */
  resume() {
    if (this.#goal === "paused") this.#setGoal("running");
    return this.#whenReached();
  }

  /**
   * Starts no new unit. Running units are given back after `grace` seconds. Resolves when all workers have ended.
   * @param {{grace?: number}} [options]
   */
  pause({ grace = this.#pauseGrace } = {}) {
    if (this.#goal === "running" || this.#state === "pausing") this.#setGoal("paused", grace);
    return this.#whenReached();
  }

  /**
   * As `pause`, and closes the sandbox.
   * @param {{grace?: number}} [options]
   */
  stop({ grace = 0 } = {}) {
    if (this.#goal !== "stopped" || this.#state === "stopping") this.#setGoal("stopped", grace);
    return this.#whenReached();
  }

  /**
   * Changes settings, in any state. Throws TypeError for invalid ones.
   * @param {Partial<Settings>} changes
   */
  configure(changes) {
    const before = this.#settings;
    this.#settings = withChanges(changes, before);
    this.#session?.context.configure(this.#settings);
    // The sandbox is opened with these two.
    if (differ(before, this.#settings, ["gpu", "memoryMb"])) this.#invalidateSession();
    if (differ(before, this.#settings, ["owners", "jobs", "scheduler", "pins"])) {
      for (const loop of this.#loops.values()) loop.rechooseJob();
    }
    this.#advance();
  }

  get #pauseGrace() {
    return this.#options.pauseGrace ?? PAUSE_GRACE;
  }

  /** @param {Goal} goal @param {number} [grace] in seconds */
  #setGoal(goal, grace = 0) {
    this.#goal = goal;
    this.#setState(TRANSITION_TO[goal]);
    for (const { shutdown } of this.#loops.values()) {
      // A draining worker is not revived: it ends after its unit, and a new one takes its place.
      if (goal === "running") shutdown.clearDeadline();
      else shutdown.drain(grace);
    }
    this.#advance();
  }

  #advance() {
    if (this.#goal === "running") this.#run();
    else if (this.#loops.size === 0) this.#rest(this.#goal);
  }

  /** @param {"paused" | "stopped"} goal */
  #rest(goal) {
    this.#cancelOpening();
    if (goal === "stopped") this.#closeSession();
    if (this.#state !== "idle") this.#setState(goal);
  }

  #run() {
    if (this.#isStale && this.#loops.size === 0) this.#closeSession();
    if (this.#isStale) return;
    if (!this.#session) {
      this.#opening ??= this.#openSession();
      return;
    }
    this.#adjustWorkers(this.#session.context);
    this.#resolveCallers();
  }

  /** Starts the missing workers, and stops those beyond the wanted number. @param {WorkerContext} context */
  #adjustWorkers(context) {
    for (const { number } of this.workers) if (!this.#loops.has(number)) this.#startWorker(number, context);
    for (const [number, loop] of this.#loops) if (number > this.#settings.workers) this.#stopWorker(loop);
  }

  /** @param {number} number @param {WorkerContext} context */
  #startWorker(number, context) {
    const loop = new WorkerLoop(number, context);
    this.#loops.set(number, loop);
    const ended = loop.run().catch((ex) => this.#handleEnd(ex));
    ended.finally(() => {
      this.#loops.delete(number);
      this.#advance();
    });
  }

  /** None of the workers can go on. @param {unknown} ex why one has ended: the pool excludes it, or a bug */
  #handleEnd(ex) {
    const kind = exclusionOf(ex);
    if (!kind) throw ex;
    if (this.#goal === "stopped") return;
    this.#status.addError({ kind, message: messageOf(ex) });
    this.#setGoal("stopped");
  }

  /** @param {WorkerLoop} loop */
  #stopWorker({ shutdown }) {
    if (!shutdown.draining.aborted) shutdown.drain(this.#pauseGrace);
  }

  /** Once the workers have ended, the session is closed and another one opened. */
  #invalidateSession() {
    this.#cancelOpening();
    this.#isStale = this.#session !== undefined;
    for (const { shutdown } of this.#loops.values()) shutdown.cancel();
  }

  #openSession() {
    const opening = new AbortController();
    const { signal } = opening;
    const control = { signal, onretry: () => this.#resolveCallers() };
    Session.open(this.#root, this.#options, this.#settings, this.#status, control).then(
      (session) => (signal.aborted ? session.close() : this.#handleOpened(session)),
      (ex) => signal.aborted || this.#handleOpenError(ex),
    );
    return opening;
  }

  #cancelOpening() {
    this.#opening?.abort();
    this.#opening = undefined;
  }

  /** @param {Session} session */
  #handleOpened(session) {
    this.#opening = undefined;
    this.#session = session;
    // They may have changed since the opening began.
    session.context.configure(this.#settings);
    // The beacons first: they outlive the page, and the requests of the stop do not.
    session.onexit = () => Promise.all([session.sendBeacons(), this.stop()]);
    this.#advance();
  }

  /** @param {unknown} ex */
  #handleOpenError(ex) {
    this.#opening = undefined;
    this.#goal = "stopped";
    this.#status.addError({ kind: kindOf(ex), message: messageOf(ex) });
    this.#setState("stopped");
  }

  #closeSession() {
    this.#session?.close();
    this.#session = undefined;
    this.#isStale = false;
  }

  /** @param {State} state */
  #setState(state) {
    const isNew = state !== this.#state;
    this.#state = state;
    if (isNew) this.#status.setState(state);
    if (FINAL.includes(state)) this.#resolveCallers();
  }

  /** @returns {Promise<void>} when the goal has been reached, or can't be */
  #whenReached() {
    const isOpen = this.#state === "running" && this.#session !== undefined && !this.#isStale;
    if (isOpen || FINAL.includes(this.#state)) return Promise.resolve();
    return new Promise((resolve) => this.#resolvers.push(resolve));
  }

  #resolveCallers() {
    for (const resolve of this.#resolvers.splice(0)) resolve();
  }
}

/** @param {unknown} ex @returns {string} of an error event */
const kindOf = (ex) => exclusionOf(ex) ?? (ex instanceof PoolRefused ? "pool" : "platform");

/** @param {Settings} before @param {Settings} now @param {(keyof Settings)[]} names */
const differ = (before, now, names) => names.some((name) => JSON.stringify(before[name]) !== JSON.stringify(now[name]));
