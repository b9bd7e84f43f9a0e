// The settings of a volunteer, and their validation.
import { isPins } from "./pins.js";

/**
 * @typedef {object} Settings
 * @property {number} workers
 * @property {number} throttle the share of its time that a worker computes, above 0, at most 1
 * @property {readonly string[]} owners whose jobs are computed; empty: everybody's
 * @property {readonly string[]} jobs ids; empty: a scheduler of the pool chooses
 * @property {string} [scheduler] undefined: the pool's default
 * @property {boolean} gpu whether jobs may use WebGPU
 * @property {number} [memoryMb] limit for one job
 * @property {import("./pins.js").Pins} pins digests by job: such a job is computed with the function that has it, alone
 */

/** @type {Settings} */
const DEFAULTS = { workers: 1, throttle: 1, owners: [], jobs: [], gpu: false, pins: {} };
const NAMES = /** @type {const} */ (["workers", "throttle", "owners", "jobs", "scheduler", "gpu", "memoryMb", "pins"]);

/**
 * The settings with changes applied, frozen. Throws TypeError for invalid ones.
 * @param {Partial<Settings>} changes undefined members change nothing
 * @param {Settings} [settings]
 * @returns {Settings}
 */
export function withChanges(changes, settings = DEFAULTS) {
  const given = NAMES.filter((name) => changes[name] !== undefined).map((name) => [name, changes[name]]);
  return validated({ ...settings, ...Object.fromEntries(given) });
}

/** @param {Settings} settings */
function validated(settings) {
  const { workers, throttle, owners, jobs, scheduler, gpu, memoryMb, pins } = settings;
  ensure(isCount(workers), "workers: must be a whole number, at least 1");
  ensure(typeof throttle === "number" && throttle > 0 && throttle <= 1, "throttle: must be above 0 and at most 1");
  ensure(isStringArray(owners), "owners: must be an array of names");
  ensure(isStringArray(jobs), "jobs: must be an array of ids");
  ensure(scheduler === undefined || typeof scheduler === "string", "scheduler: must be an id");
  ensure(typeof gpu === "boolean", "gpu: must be true or false");
  ensure(memoryMb === undefined || isCount(memoryMb), "memoryMb: must be a whole number, at least 1");
  ensure(isPins(pins), "pins: must have a digest for each job: sha256: and 64 hexadecimal digits");
  return Object.freeze({ ...settings, owners: [...owners], jobs: [...jobs], pins: { ...pins } });
}

/** @param {boolean} condition @param {string} message */
function ensure(condition, message) {
  if (!condition) throw new TypeError(message);
}

/** @param {unknown} value */
const isCount = (value) => typeof value === "number" && Number.isInteger(value) && value > 0;

/** @param {unknown} value */
const isStringArray = (value) => Array.isArray(value) && value.every((one) => typeof one === "string");
