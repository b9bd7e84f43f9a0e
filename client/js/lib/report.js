// Reports to the owner of a job, by way of the pool: how a unit failed, and what it printed.
import { attemptDelay } from "./backoff.js";
import { isTemporary, POLICY } from "./retry-policy.js";
import { delay } from "./timers.js";

/** @typedef {import("./errors.js").JobError} JobError */
/** @typedef {import("./shutdown.js").Shutdown} Shutdown */
/** @typedef {import("./task.js").Task} Task */
/** @typedef {import("./timers.js").Clock} Clock */
/**
 * @typedef {object} Report every member is optional
 * @property {{kind: string, message: string, stack: string}} [error] how the unit failed
 * @property {string} [console] what it printed
 * @property {string} [engine] that ran it
 * @property {number} [run_seconds]
 */

/** In characters: the pool cuts longer texts. */
const MAX_MESSAGE = 2000;
const MAX_STACK = 4000;
const MAX_ENGINE = 200;
export const MAX_CONSOLE = 10_000;
/** The parts in which an executor receives what a unit prints, as in job.js. */
export const MAX_PRINTS = 101;

/** The kinds of JobError that may be the job's fault. */
const FAULTS = ["code", "threw", "no-result", "not-json", "too-large", "timeout", "memory", "crash", "misbehaved"];
const LONE_SURROGATE = /[\ud800-\udfff]/gu;

/** @param {JobError} error */
export const isFaultOfJob = ({ kind }) => FAULTS.includes(kind);

/** @param {JobError} error @param {string} engine @param {number} seconds @returns {Report} */
export const failureReport = ({ kind, message, stack, console }, engine, seconds) => ({
  error: { kind, message: cut(message, MAX_MESSAGE), stack: cut(stack, MAX_STACK) },
  ...consoleReport(console, engine, seconds),
});

/** @param {string} console @param {string} engine @param {number} seconds @returns {Report} */
export const consoleReport = (console, engine, seconds) => ({
  console: cut(console, MAX_CONSOLE),
  engine: cut(engine, MAX_ENGINE),
  run_seconds: seconds,
});

/**
 * Replaces halves of surrogate pairs, such as a cut may leave: they can't be sent.
 * @param {string} text @param {number} length
 */
const cut = (text, length) => text.slice(0, length).replace(LONE_SURROGATE, "\ufffd");

/**
 * Posts a report, with the retries of a call. Rejects with the last error.
 * @param {Clock} clock
 * @param {Shutdown} shutdown
 * @param {Task} task
 * @param {Report} report
 */
export async function postReport(clock, shutdown, task, report) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await task.report(report, shutdown.expired);
    } catch (ex) {
      const seconds = retryDelay(ex, attempt);
      if (seconds === undefined || shutdown.cancelled.aborted) throw ex;
      await delay(clock, seconds * 1000, shutdown.cancelled);
    }
  }
}

/** In seconds; undefined for no retry. @param {unknown} ex @param {number} attempt counted from 1 */
function retryDelay(ex, attempt) {
  // A 500 is final: the report is not worth more load of a pool that is broken.
  if (attempt === POLICY.callAttempts || !isTemporary(ex, POLICY.maxServerErrors)) return undefined;
  return attemptDelay(ex, attempt, POLICY.callFirstDelay);
}
