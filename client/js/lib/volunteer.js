// A volunteer: several workers that compute for one pool; how they are started, paused and stopped.
import { Client } from "./client.js";
import { Crew } from "./crew.js";
import { absolute } from "./document.js";
import { messageOf } from "./errors.js";
import { askedFor, isWorthTelling, mayPass } from "./failures.js";
import { checkedId, randomId } from "./identity.js";
import { Backoff } from "./pauses.js";
import { platformHere } from "./platform.js";
import { Status } from "./status.js";
import { changed } from "./settings.js";
import { Shift } from "./shift.js";
import { pause, sleep } from "./waiting.js";

/** @typedef {import("./platform.js").Computers} Computers */
/** @typedef {import("./platform.js").Platform} Platform */
/** @typedef {import("./status.js").ErrorEvent} ErrorEvent */
/** @typedef {import("./status.js").Events} Events */
/** @typedef {import("./status.js").State} State */
/** @typedef {import("./status.js").Totals} Totals */
/** @typedef {import("./status.js").UnitEvent} UnitEvent */
/** @typedef {import("./status.js").WorkerStatus} WorkerStatus */
/** @typedef {import("./settings.js").Settings} Settings */
/** @typedef {import("./waiting.js").Clock} Clock */
/**
 * @typedef {object} Own what is a volunteer's for good
 * @property {string} [volunteer] the id by which the pool knows it again; without it a fresh one
 * @property {string} [key] an owner's
 * @property {number} [pauseGrace] for how many seconds a unit may go on when its worker is no longer wanted
 * @property {Platform} [platform] these three are for tests
 * @property {Client} [client]
 * @property {Clock} [clock]
 * @property {(event: Events["state"]) => void} [onstate]
 * @property {(event: Events["worker"]) => void} [onworker]
 * @property {(event: Events["unit"]) => void} [onunit]
 * @property {(event: Events["error"]) => void} [onerror]
 * @property {(event: Events["progress"]) => void} [onprogress]
 */
/** @typedef {Partial<Settings> & Own} VolunteerOptions */
/** @typedef {"running" | "paused" | "stopped"} Goal */

const EVENTS = /** @type {const} */ (["state", "worker", "unit", "error", "progress"]);
const PAUSE_GRACE = 5;
/** @type {State[]} */
const AT_REST = ["idle", "paused", "stopped"];
/** @type {Record<Goal, State>} */
const ON_THE_WAY = { running: "running", paused: "pausing", stopped: "stopping" };

/**
 * A volunteer for a pool; nothing is fetched and nothing computed until `start()`.
 * @param {string | URL} root the pool's address
 * @param {VolunteerOptions} [options]
 */
export const volunteer = (root, options) => new Volunteer(root, options);

/** What is there from the start until the stop: the pool, and where to compute for it. */
class Base {
  /** @param {Crew} crew @param {() => void} unsubscribe from the platform */
  constructor(crew, unsubscribe) {
    this.crew = crew;
    this.close = () => {
      unsubscribe();
      crew.computers.close();
    };
  }
}

export class Volunteer {
  #root;
  #own;
  #settings;
  #status = new Status();
  /** @type {State} */
  #state = "idle";
  /** @type {Goal} */
  #goal = "stopped";
  /** @type {Base | undefined} */
  #base;
  /** @type {AbortController | undefined} */
  #opening;
  /** Whether the base no longer fits the settings. */
  #isStale = false;
  /** @type {Map<number, Shift>} */
  #shifts = new Map();
  /** @type {(() => void)[]} */
  #settling = [];

  /** @param {string | URL} root @param {VolunteerOptions} [options] */
  constructor(root, options = {}) {
    this.#root = absolute(root);
    this.#settings = changed(options);
    this.#own = { ...options, volunteer: checkedId(options.volunteer ?? randomId()) };
    for (const event of EVENTS) {
      const listener = options[`on${event}`];
      if (listener) this.on(event, /** @type {(payload: any) => void} */ (listener));
    }
  }

  /** @returns {State} */
  get state() {
    return this.#state;
  }

  /** What each worker does now. @returns {WorkerStatus[]} */
  get workers() {
    return this.#status.workers(this.#settings.workers);
  }

  /** How the units ended, from the first start on. @returns {Totals} */
  get totals() {
    return this.#status.totals;
  }

  /**
   * Listens to `state`, `worker`, `unit`, `error` or `progress`.
   * @template {keyof Events} Name
   * @param {Name} event
   * @param {(payload: Events[Name]) => void} listener
   * @returns {() => void} unsubscribes
   */
  on(event, listener) {
    return this.#status.events.on(event, listener);
  }

  /** Begins to compute, or goes on after a pause. Resolves when it has begun, or it is known why not. */
  start() {
    if (this.#goal !== "running") this.#head("running");
    return this.#settled();
  }

  /** Goes on after a pause; without one nothing changes. */
  resume() {
    if (this.#goal === "paused") this.#head("running");
    return this.#settled();
  }

  /**
   * Fetches no more; units at hand may go on for `grace` seconds, then they are given back. Resolves when all rest.
   * @param {{grace?: number}} [options]
   */
  pause({ grace = this.#own.pauseGrace ?? PAUSE_GRACE } = {}) {
    if (this.#goal === "running" || this.#state === "pausing") this.#head("paused", grace);
    return this.#settled();
  }

  /**
   * Ends all work, after `grace` seconds at most; what isn't done by then is given back.
   * @param {{grace?: number}} [options]
   */
  stop({ grace = 0 } = {}) {
    if (this.#goal !== "stopped" || this.#state === "stopping") this.#head("stopped", grace);
    return this.#settled();
  }

  /**
   * Changes how it works, while it works, too. Throws TypeError for what can't be.
   * @param {Partial<Settings>} changes
   */
  configure(changes) {
    const before = this.#settings;
    this.#settings = changed(changes, before);
    this.#base?.crew.configure(this.#settings);
    if (differ(before, this.#settings, ["gpu", "memoryMb"])) this.#makeStale();
    if (differ(before, this.#settings, ["owners", "jobs", "scheduler"])) {
      for (const shift of this.#shifts.values()) shift.rechoose();
    }
    this.#advance();
  }

  /** @param {Goal} goal @param {number} [grace] */
  #head(goal, grace = 0) {
    this.#goal = goal;
    this.#become(ON_THE_WAY[goal]);
    for (const { halt } of this.#shifts.values()) {
      if (goal === "running") halt.reprieve();
      else halt.ease(grace);
    }
    this.#advance();
  }

  /** Takes the next step to where it is heading for, if it is time for that. */
  #advance() {
    if (this.#goal === "running") this.#staff();
    else if (this.#shifts.size === 0) this.#arrive(this.#goal);
  }

  /** @param {"paused" | "stopped"} goal */
  #arrive(goal) {
    this.#opening?.abort();
    this.#opening = undefined;
    if (goal === "stopped") this.#close();
    if (this.#state !== "idle") this.#become(goal);
  }

  #staff() {
    if (this.#isStale && this.#shifts.size === 0) this.#close();
    if (this.#isStale) return;
    if (!this.#base) {
      this.#opening ??= this.#open();
      return;
    }
    for (const { number } of this.workers) if (!this.#shifts.has(number)) this.#begin(number, this.#base.crew);
    for (const [number, shift] of this.#shifts) if (number > this.#settings.workers) this.#dismiss(shift);
    this.#settle();
  }

  /** @param {number} number @param {Crew} crew */
  #begin(number, crew) {
    const shift = new Shift(number, crew);
    this.#shifts.set(number, shift);
    shift.run().finally(() => {
      this.#shifts.delete(number);
      this.#advance();
    });
  }

  /** @param {Shift} shift */
  #dismiss({ halt }) {
    if (!halt.easing.aborted) halt.ease(this.#own.pauseGrace ?? PAUSE_GRACE);
  }

  /** What is open was opened for other settings: all of it is made anew. */
  #makeStale() {
    this.#opening?.abort();
    this.#opening = undefined;
    this.#isStale = this.#base !== undefined;
    for (const { halt } of this.#shifts.values()) halt.end();
  }

  #close() {
    this.#base?.close();
    this.#base = undefined;
    this.#isStale = false;
  }

  #open() {
    const opening = new AbortController();
    this.#makeBase(opening.signal).then(
      (base) => (opening.signal.aborted ? base.close() : this.#opened(base)),
      (ex) => opening.signal.aborted || this.#failed(ex),
    );
    return opening;
  }

  /** @param {Base} base */
  #opened(base) {
    this.#opening = undefined;
    this.#base = base;
    this.#advance();
  }

  /** @param {unknown} ex */
  #failed(ex) {
    this.#opening = undefined;
    this.#goal = "stopped";
    this.#status.error({ kind: ex instanceof Refused ? "pool" : "platform", message: messageOf(ex) });
    this.#become("stopped");
  }

  /** @param {AbortSignal} signal */
  async #makeBase(signal) {
    const platform = this.#own.platform ?? (await platformHere());
    const clock = this.#own.clock ?? platform.clock;
    const client = this.#own.client ?? this.#client(clock);
    const root = await this.#readRoot(client, clock, signal);
    const { gpu, memoryMb } = this.#settings;
    const computers = await platform.open(root, { gpu, memoryMb });
    const crew = new Crew(client, clock, computers, this.#settings, this.#status);
    return new Base(
      crew,
      platform.onLeave(() => this.#leave(crew)),
    );
  }

  /** Tries each request once: when to try again is decided where it is known what for. @param {Clock} clock */
  #client(clock) {
    const { key, volunteer: id } = this.#own;
    const wait = (/** @type {number} */ ms, /** @type {AbortSignal | undefined} */ signal) => sleep(ms, signal, clock);
    const options = { key, volunteer: id, patience: { attempts: 1 }, sleep: wait, now: () => clock.now() };
    return new Client(this.#root, options);
  }

  /** @param {Client} client @param {Clock} clock @param {AbortSignal} signal */
  async #readRoot(client, clock, signal) {
    for (const backoff = new Backoff(); ; ) {
      try {
        return await client.root({ signal });
      } catch (ex) {
        if (!mayPass(ex)) throw new Refused(messageOf(ex), { cause: ex });
        const seconds = backoff.next(askedFor(ex));
        if (isWorthTelling(backoff.failures, seconds)) this.#status.error({ kind: "offline", message: messageOf(ex) });
        this.#settle();
        await pause(clock, seconds * 1000, signal);
        signal.throwIfAborted();
      }
    }
  }

  /** The page or process ends: leases are given back by requests that outlive it. @param {Crew} crew */
  async #leave(crew) {
    await Promise.all([...[...crew.tasks].map((task) => task.leave()), this.stop()]);
  }

  /** @param {State} state */
  #become(state) {
    const isNew = state !== this.#state;
    this.#state = state;
    if (isNew) this.#status.state(state);
    if (AT_REST.includes(state)) this.#settle();
  }

  /** @returns {Promise<void>} when it is where it is heading for, or it is known why not */
  #settled() {
    const isOpen = this.#state === "running" && this.#base !== undefined && !this.#isStale;
    if (isOpen || AT_REST.includes(this.#state)) return Promise.resolve();
    return new Promise((resolve) => this.#settling.push(resolve));
  }

  #settle() {
    for (const resolve of this.#settling.splice(0)) resolve();
  }
}

/** @param {Settings} before @param {Settings} now @param {(keyof Settings)[]} names */
const differ = (before, now, names) => names.some((name) => JSON.stringify(before[name]) !== JSON.stringify(now[name]));

/** The pool was reached, and is none, or would not have this volunteer. */
class Refused extends Error {}
