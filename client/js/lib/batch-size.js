// How many units of a job a worker leases at once: a few seconds of work, by the run time of its units so far.
import { exponential } from "./backoff.js";
import { POLICY } from "./retry-policy.js";

/** @typedef {import("./document.js").Document} Document */
/** @typedef {import("./leases.js").Lease} Lease */
/** @typedef {import("./timers.js").Clock} Clock */
/** @typedef {(runTime: number) => number} WallTime the seconds that a unit of this run time takes, rests included */

/** Of the job's last units; halved then, so that the mean follows a job whose units become longer. */
const MEASURED_UNITS = 256;
const MIN_SECONDS = 1e-9;

/** The size of one worker's batches of one job. */
class BatchSize {
  #batchSeconds;
  #wallTime;
  #units = 0;
  #seconds = 0;
  #last = 1;
  #leaseSeconds = 0;
  /** Of one variable. */
  #bytes = 0;

  /** @param {() => number} batchSeconds for the units of one batch @param {WallTime} wallTime */
  constructor(batchSeconds, wallTime) {
    this.#batchSeconds = batchSeconds;
    this.#wallTime = wallTime;
  }

  /** The mean run time of the job's last units, in seconds; undefined before the first one. */
  get mean() {
    return this.#units === 0 ? undefined : this.#seconds / this.#units;
  }

  /** The seconds that a unit takes, rests included; undefined before the first one. */
  get wallTime() {
    return this.mean === undefined ? undefined : this.#wallTime(this.mean);
  }

  /** The number of units to lease. */
  get next() {
    if (this.wallTime === undefined) return 1;
    const seconds = Math.min(this.#batchSeconds(), this.#leaseSeconds * POLICY.batchLeaseShare);
    const short = Math.floor(seconds / Math.max(this.wallTime, MIN_SECONDS));
    const small = Math.floor(POLICY.maxVariableBytes / Math.max(this.#bytes, 1));
    return Math.max(1, Math.min(2 * this.#last, POLICY.maxBatch, short, small));
  }

  /** @param {number} seconds that a unit ran */
  recordRun(seconds) {
    if (this.#units === MEASURED_UNITS) {
      this.#units /= 2;
      this.#seconds /= 2;
    }
    this.#units += 1;
    this.#seconds += seconds;
  }

  /** A batch of so many units could not be leased: the response may be too large, or too slow. @param {number} units */
  recordFailure(units) {
    this.#last = Math.floor(units / 4);
  }

  /** @param {readonly Lease[]} leases of units that were leased together */
  recordBatch(leases) {
    const [{ seconds, headers }] = leases;
    this.#last = leases.length;
    this.#leaseSeconds = seconds;
    this.#bytes = (Number(headers.get("Content-Length")) || 0) / leases.length;
  }
}

/** The sizes of one worker's batches, by job. */
export class BatchSizes {
  #clock;
  #visitBegan;
  #wallTime;
  /** @type {Map<string, BatchSize>} */
  #sizes = new Map();

  /** @param {Clock} clock @param {number} visitBegan by that clock @param {WallTime} wallTime */
  constructor(clock, visitBegan, wallTime) {
    this.#clock = clock;
    this.#visitBegan = visitBegan;
    this.#wallTime = wallTime;
  }

  /** The size of a job's batches. @param {string} job its id */
  of(job) {
    const size = this.#sizes.get(job) ?? new BatchSize(() => this.#batchSeconds(), this.#wallTime);
    this.#sizes.set(job, size);
    return size;
  }

  #batchSeconds() {
    const growth = Math.floor((this.#clock.now() - this.#visitBegan) / 1000 / POLICY.batchGrowth);
    return exponential(POLICY.batchSeconds, growth, POLICY.maxBatchSeconds);
  }
}

/** Whether a job's pool leases and takes several units at once. @param {Document} job */
export const hasBatches = (job) => job.has("lease_variables") && job.has("post_results");
