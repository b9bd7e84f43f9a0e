// Polls what a watcher of a job sees: one conditional request, of which the pool makes the document for all watchers at once.

import { Poller } from "../poller.js";

/**
 * @typedef {object} Result
 * @property {Record<string, string>} _links
 * @property {string} id
 * @property {string} variable
 * @property {string} created
 * @property {number | null} run_seconds
 * @property {string | null} mark of the volunteer
 * @property {string | null} preview the beginning of the value, as JSON
 */
/**
 * @typedef {object} Volunteer
 * @property {string | null} mark null for all without a name
 * @property {number} results
 * @property {number} errors
 * @property {number | null} mean_run_seconds
 * @property {string} last
 */
/** @typedef {{from: number, to: number, results: number}} Interval in seconds */
/** @typedef {{count: number, median: number, p95: number, intervals: Interval[]}} RunTimes */
/**
 * @typedef {object} Activity
 * @property {string} name
 * @property {string} state
 * @property {{at: string, reason: string}} [paused]
 * @property {Record<"total" | "open" | "leased" | "held" | "done" | "failed" | "withdrawn", number>} variables
 * @property {{accepted: number, rejected: number, failures: number}} results
 * @property {boolean} complete
 * @property {number} results_per_minute
 * @property {number | null} eta_seconds
 * @property {{at: string, results: number}[]} minutes
 * @property {RunTimes | null} run_times
 * @property {Volunteer[]} volunteers
 * @property {{items: Result[]}} _embedded the latest results
 */

/** In milliseconds. A school's 200 pages behind one address stay below its limit of requests. */
const INTERVAL = 5_000;
const MAX_INTERVAL = 60_000;

/**
 * @param {string} address
 * @param {object} callbacks
 * @param {(activity: Activity, clockOffset: number) => void} callbacks.onactivity
 * @param {() => void} callbacks.onrecover
 * @param {() => void} callbacks.onfailure
 * @param {() => void} callbacks.onmissing polling ends
 */
export function pollActivity(address, { onactivity, onrecover, onfailure, onmissing }) {
  const options = { interval: INTERVAL, maxInterval: MAX_INTERVAL, refusals: [404] };
  const callbacks = { ondocument: onactivity, onrecover, onfailure, onrefusal: onmissing };
  new Poller(address, options, callbacks).start();
}
