// Jobs that are left alone for a while: because they have nothing to offer, or because they keep failing.

const FAILURES_IN_A_ROW = 3;
const FIRST_LEAVE = 30;
const LONGEST_LEAVE = 3600;

/** Knows jobs by their ids. */
export class Aside {
  #now;
  /** @type {Map<string, number>} */
  #until = new Map();
  /** @type {Map<string, number>} */
  #failures = new Map();

  /** @param {() => number} now in milliseconds */
  constructor(now) {
    this.#now = now;
  }

  /** For how many seconds a job is still to be left alone. @param {string} job */
  remaining(job) {
    return Math.max(0, ((this.#until.get(job) ?? 0) - this.#now()) / 1000);
  }

  /** Leaves a job alone for so many seconds from now, at least. @param {string} job @param {number} seconds */
  put(job, seconds) {
    this.#until.set(job, Math.max(this.#until.get(job) ?? 0, this.#now() + seconds * 1000));
  }

  /** Notes a failure; returns for how many seconds the job is left alone for that, mostly 0. @param {string} job */
  blame(job) {
    const failures = this.failures(job) + 1;
    this.#failures.set(job, failures);
    if (failures < FAILURES_IN_A_ROW) return 0;
    const seconds = Math.min(FIRST_LEAVE * 2 ** (failures - FAILURES_IN_A_ROW), LONGEST_LEAVE);
    this.put(job, seconds);
    return seconds;
  }

  /** Whether a job is left alone since it keeps failing, and not for want of variables. @param {string} job */
  isFailing(job) {
    return this.failures(job) >= FAILURES_IN_A_ROW && this.remaining(job) > 0;
  }

  /** How often in a row a job has failed. @param {string} job */
  failures(job) {
    return this.#failures.get(job) ?? 0;
  }

  /** Forgets the failures of a job that has succeeded. @param {string} job */
  forgive(job) {
    this.#failures.delete(job);
  }
}
