// How a volunteer works, checked where it enters.

/**
 * @typedef {object} Settings what may be changed while it works
 * @property {number} workers
 * @property {number} throttle the share of its time that a worker computes, above 0, at most 1
 * @property {readonly string[]} owners whose jobs are computed; none: everybody's
 * @property {readonly string[]} jobs ids; none: a scheduler of the pool chooses
 * @property {string} [scheduler] none: the pool's default
 * @property {boolean} gpu whether jobs may use WebGPU
 * @property {number} [memoryMb] how much memory a job may take
 */

/** @type {Settings} */
const USUAL = { workers: 1, throttle: 1, owners: [], jobs: [], gpu: false };
const NAMES = /** @type {const} */ (["workers", "throttle", "owners", "jobs", "scheduler", "gpu", "memoryMb"]);

/**
 * The settings with some changed; throws TypeError for what is none.
 * @param {Partial<Settings>} changes
 * @param {Settings} [settings]
 * @returns {Settings}
 */
export function changed(changes, settings = USUAL) {
  const given = NAMES.filter((name) => changes[name] !== undefined).map((name) => [name, changes[name]]);
  return checked({ ...settings, ...Object.fromEntries(given) });
}

/** @param {Settings} settings */
function checked(settings) {
  const { workers, throttle, owners, jobs, scheduler, gpu, memoryMb } = settings;
  ensure(isCount(workers), "workers: must be a whole number from 1");
  ensure(typeof throttle === "number" && throttle > 0 && throttle <= 1, "throttle: must be above 0, and 1 at most");
  ensure(areTexts(owners), "owners: must be a list of names");
  ensure(areTexts(jobs), "jobs: must be a list of ids");
  ensure(scheduler === undefined || typeof scheduler === "string", "scheduler: must be an id");
  ensure(typeof gpu === "boolean", "gpu: must be true or false");
  ensure(memoryMb === undefined || isCount(memoryMb), "memoryMb: must be a whole number from 1");
  return Object.freeze({ ...settings, owners: [...owners], jobs: [...jobs] });
}

/** @param {boolean} condition @param {string} message */
function ensure(condition, message) {
  if (!condition) throw new TypeError(message);
}

/** @param {unknown} value */
const isCount = (value) => typeof value === "number" && Number.isInteger(value) && value > 0;

/** @param {unknown} value */
const areTexts = (value) => Array.isArray(value) && value.every((one) => typeof one === "string");
