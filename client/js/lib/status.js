// The status of a volunteer: its events, the state of each worker, and totals.
import { Emitter } from "./emitter.js";

/** @typedef {import("./task.js").Task} Task */
/** @typedef {import("./upload.js").Outcome} Outcome */
/** @typedef {"idle" | "running" | "pausing" | "paused" | "stopping" | "stopped"} State */
/** @typedef {"idle" | "waiting" | "fetching" | "computing" | "resting"} WorkerState */
/**
 * @typedef {object} WorkerStatus
 * @property {number} number from 1
 * @property {WorkerState} state
 * @property {string} job its id, or empty
 * @property {string} jobName
 * @property {string} variable
 * @property {number} since the start of this state, in milliseconds since the epoch
 */
/**
 * @typedef {object} UnitEvent the pool has accepted or refused a result
 * @property {number} worker
 * @property {string} job
 * @property {string} jobName
 * @property {string} variable
 * @property {number} seconds run time
 * @property {Outcome} outcome
 * @property {string} [reason]
 */
/**
 * @typedef {object} ErrorEvent `kind` is that of a JobError, or `offline`, `foreign`, `limit`, `pool`, `outdated`, `blocked`,
 *   `backoff`, `pinned`, `platform`
 * @property {string} kind
 * @property {string} message
 * @property {number} [worker]
 * @property {string} [job]
 * @property {string} [jobName]
 * @property {string} [variable]
 */
/**
 * @typedef {object} Totals
 * @property {number} units with accepted results
 * @property {number} rejected by the pool's validation
 * @property {number} late another volunteer's result was first
 * @property {number} failed with an error, or refused by the pool
 * @property {number} returned given back, because of a pause or stop
 * @property {number} seconds run time of all units that were posted
 * @property {number} used seconds of processor time: of all units, of what they left behind, of starts and requests
 */
/**
 * @typedef {object} Events payloads by name
 * @property {{state: State}} state
 * @property {WorkerStatus} worker
 * @property {UnitEvent} unit
 * @property {ErrorEvent} error
 * @property {{totals: Totals}} progress
 */

/** The total that each outcome counts in. @type {Record<Outcome, "units" | "rejected" | "late" | "failed">} */
const TOTAL_OF = { accepted: "units", rejected: "rejected", late: "late", refused: "failed" };

export class Status {
  /** @type {Emitter<Events>} */
  events = new Emitter();
  /** @type {Totals} */
  #totals = { units: 0, rejected: 0, late: 0, failed: 0, returned: 0, seconds: 0, used: 0 };
  /** @type {Map<number, WorkerStatus>} */
  #workers = new Map();

  get totals() {
    return { ...this.#totals };
  }

  /** @param {State} state */
  setState(state) {
    this.events.emit("state", { state });
  }

  /** @param {ErrorEvent} error */
  addError(error) {
    this.events.emit("error", error);
  }

  /** A unit failed here. @param {ErrorEvent} error */
  addFailedUnit(error) {
    this.addError(error);
    this.#count("failed");
  }

  /** A unit was given back for no fault of its own. */
  addReturnedUnit() {
    this.#count("returned");
  }

  /** A result was posted. @param {UnitEvent} unit */
  addPostedUnit(unit) {
    this.events.emit("unit", unit);
    this.#totals.seconds += unit.seconds;
    this.#count(TOTAL_OF[unit.outcome]);
  }

  /** @param {number} seconds of processor time */
  addUsed(seconds) {
    this.#totals.used += seconds;
    this.events.emit("progress", { totals: this.totals });
  }

  /** @param {number} number @param {WorkerState} state @param {Task} [task] */
  setWorker(number, state, task) {
    const { job = "", jobName = "", variable = "" } = task ?? {};
    const worker = Object.freeze({ number, state, job, jobName, variable, since: Date.now() });
    this.#workers.set(number, worker);
    this.events.emit("worker", worker);
  }

  /** The first `count` workers. @param {number} count @returns {WorkerStatus[]} */
  workers(count) {
    return Array.from({ length: count }, (_, index) => this.#workers.get(index + 1) ?? idle(index + 1));
  }

  /** @param {keyof Totals} total */
  #count(total) {
    this.#totals[total] += 1;
    this.events.emit("progress", { totals: this.totals });
  }
}

/** @param {number} number @returns {WorkerStatus} */
const idle = (number) => ({ number, state: "idle", job: "", jobName: "", variable: "", since: Date.now() });
