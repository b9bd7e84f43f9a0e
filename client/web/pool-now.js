// What the whole pool does now: one small document, polled while the page is visible, whose cost does not depend on how
// many pages are open, nor on how many jobs the pool has.

import { byId, setText } from "./dom.js";
import { Poller } from "./poller.js";

/** @typedef {import("./languages.js").Language} Language */
/**
 * @typedef {object} JobStatus of a job that is among the most active
 * @property {string} id
 * @property {"open" | "paused"} state
 * @property {{total: number, done: number}} variables
 * @property {boolean} complete
 */

/** In milliseconds: in a fresh pool and in a slow one. */
const OPTIONS = { interval: 5000, maxInterval: 300_000, refusals: [404] };

/**
 * Shows the figures, and passes on the counts of jobs.
 * @param {string} address of the status @param {Language} language @param {(jobs: JobStatus[]) => void} onjobs
 */
export function followPool(address, language, onjobs) {
  const poller = new Poller(address, OPTIONS, {
    ondocument: (status) => {
      render(status, language);
      onjobs(status._embedded.items);
    },
    onrecover: () => {},
    onfailure: () => {},
    onrefusal: () => {},
  });
  poller.start();
}

/** @param {any} status @param {Language} language */
function render({ volunteers, results_per_minute: rate, results }, language) {
  byId("pool").hidden = results === 0 && volunteers === 0;
  setText(byId("pool-volunteers"), language.number(volunteers));
  setText(byId("pool-volunteers-label"), language.text("pool.volunteers", { count: volunteers }));
  // In its first minute a pool would show one number twice.
  byId("pool-rate").parentElement.hidden = rate === results;
  setText(byId("pool-rate"), language.number(rate, { maximumFractionDigits: rate < 10 ? 1 : 0 }));
  setText(byId("pool-results"), language.number(results));
}
