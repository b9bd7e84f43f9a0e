// Jobs that are paused for a while: because they have no open variables, or because their units keep failing.
import { exponential } from "./backoff.js";
import { POLICY } from "./retry-policy.js";

/** Pauses and consecutive failures, by the job's id. */
export class JobBackoff {
  #now;
  /** @type {Map<string, number>} the end of each pause */
  #pausedTo = new Map();
  /** @type {Map<string, number>} */
  #failures = new Map();

  /** @param {() => number} now in milliseconds */
  constructor(now) {
    this.#now = now;
  }

  /** Seconds that a job remains paused. @param {string} job */
  remaining(job) {
    return Math.max(0, ((this.#pausedTo.get(job) ?? 0) - this.#now()) / 1000);
  }

  /** Pauses a job; never shortens a pause. @param {string} job @param {number} seconds */
  pause(job, seconds) {
    this.#pausedTo.set(job, Math.max(this.#pausedTo.get(job) ?? 0, this.#now() + seconds * 1000));
  }

  /** Ends the pause of a job. @param {string} job */
  resume(job) {
    this.#pausedTo.delete(job);
  }

  /** Counts a failure, and pauses the job after several in a row. @param {string} job @returns seconds, mostly 0 */
  recordFailure(job) {
    const failures = this.failures(job) + 1;
    this.#failures.set(job, failures);
    if (failures < POLICY.maxJobFailures) return 0;
    const seconds = exponential(POLICY.firstJobPause, failures - POLICY.maxJobFailures, POLICY.maxJobPause);
    this.pause(job, seconds);
    return seconds;
  }

  /** @param {string} job */
  recordSuccess(job) {
    this.#failures.delete(job);
  }

  /** Whether a job is paused because it fails, rather than because it has no open variables. @param {string} job */
  isFailing(job) {
    return this.failures(job) >= POLICY.maxJobFailures && this.remaining(job) > 0;
  }

  /** Failures in a row. @param {string} job */
  failures(job) {
    return this.#failures.get(job) ?? 0;
  }
}
