// What a volunteer tells: events, what each worker does now, and the sums.
import { Emitter } from "./emitter.js";

/** @typedef {import("./delivery.js").Outcome} Outcome */
/** @typedef {import("./task.js").Task} Task */
/** @typedef {"idle" | "running" | "pausing" | "paused" | "stopping" | "stopped"} State */
/** @typedef {"idle" | "waiting" | "fetching" | "computing" | "resting"} WorkerState */
/**
 * @typedef {object} WorkerStatus what one worker does now
 * @property {number} number from 1
 * @property {WorkerState} state
 * @property {string} job its id; empty where there is none
 * @property {string} jobName
 * @property {string} variable
 * @property {number} since milliseconds of the date
 */
/**
 * @typedef {object} UnitEvent the pool has answered a result
 * @property {number} worker
 * @property {string} job
 * @property {string} jobName
 * @property {string} variable
 * @property {number} seconds
 * @property {Outcome} outcome
 * @property {string} [reason]
 */
/**
 * @typedef {object} ErrorEvent `kind` is that of a JobError, or `offline`, `pool`, `aside`, `platform`
 * @property {string} kind
 * @property {string} message
 * @property {number} [worker]
 * @property {string} [job]
 * @property {string} [jobName]
 * @property {string} [variable]
 */
/**
 * @typedef {object} Totals
 * @property {number} units whose results were accepted
 * @property {number} rejected by the pool: found wrong
 * @property {number} late somebody else was first
 * @property {number} failed could not be computed, or the pool would not have the result
 * @property {number} returned given back, since it was time to end
 * @property {number} seconds of computation that the pool has answered
 */
/**
 * @typedef {object} Events what a listener is told
 * @property {{state: State}} state
 * @property {WorkerStatus} worker
 * @property {UnitEvent} unit
 * @property {ErrorEvent} error
 * @property {{totals: Totals}} progress
 */

/** Which of the sums an outcome counts in. @type {Record<Outcome, "units" | "rejected" | "late" | "failed">} */
const SUMS = { accepted: "units", rejected: "rejected", late: "late", refused: "failed" };

export class Status {
  /** @type {Emitter<Events>} */
  events = new Emitter();
  /** @type {Totals} */
  #totals = { units: 0, rejected: 0, late: 0, failed: 0, returned: 0, seconds: 0 };
  /** @type {Map<number, WorkerStatus>} */
  #workers = new Map();

  get totals() {
    return { ...this.#totals };
  }

  /** @param {State} state */
  state(state) {
    this.events.emit("state", { state });
  }

  /** @param {ErrorEvent} error */
  error(error) {
    this.events.emit("error", error);
  }

  /** A unit could not be computed. @param {ErrorEvent} error */
  failed(error) {
    this.error(error);
    this.#count("failed");
  }

  /** A unit was given back, by no fault of its own. */
  returned() {
    this.#count("returned");
  }

  /** @param {UnitEvent} unit */
  unit(unit) {
    this.events.emit("unit", unit);
    this.#totals.seconds += unit.seconds;
    this.#count(SUMS[unit.outcome]);
  }

  /** @param {number} number @param {WorkerState} state @param {Task} [task] */
  worker(number, state, task) {
    const { job = "", jobName = "", variable = "" } = task ?? {};
    const view = Object.freeze({ number, state, job, jobName, variable, since: Date.now() });
    this.#workers.set(number, view);
    this.events.emit("worker", view);
  }

  /** What each of so many workers does now. @param {number} count @returns {WorkerStatus[]} */
  workers(count) {
    return Array.from({ length: count }, (_, index) => this.#workers.get(index + 1) ?? idle(index + 1));
  }

  /** @param {keyof Totals} sum */
  #count(sum) {
    this.#totals[sum] += 1;
    this.events.emit("progress", { totals: this.totals });
  }
}

/** @param {number} number @returns {WorkerStatus} */
const idle = (number) => ({ number, state: "idle", job: "", jobName: "", variable: "", since: Date.now() });
