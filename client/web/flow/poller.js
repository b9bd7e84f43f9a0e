// Polls a flow's document while the flow runs and the page is visible.

import { Poller } from "../poller.js";

/**
 * @typedef {object} Step
 * @property {Record<string, string>} _links
 * @property {number} iteration
 * @property {string} state
 * @property {string | null} started
 * @property {string | null} finished
 * @property {number | null} run_seconds
 */
/**
 * @typedef {object} Entry
 * @property {Record<string, string>} _links
 * @property {string} path
 * @property {string} job
 * @property {string} [variable]
 * @property {boolean} [taken]
 * @property {string[]} conditions
 * @property {string} state
 * @property {number} iterations
 * @property {string | null} started
 * @property {string | null} finished
 * @property {number | null} seconds
 * @property {Step[]} steps the latest
 */
/** @typedef {{jobs: Entry[], dependent?: Tree}} Tree */
/**
 * @typedef {object} FlowFields
 * @property {string} id
 * @property {string | null} name
 * @property {string | null} owner
 * @property {string} created
 * @property {"running" | "done" | "failed" | "cancelled"} state
 * @property {number | null} seconds
 * @property {Record<string, number>} entries counts by state, and the `total`
 * @property {{path: string, reason: string}} [failure]
 * @property {{path: string, reason: string, until: string}[]} [blocked] failed steps for which a running flow waits
 * @property {unknown} [result]
 */
/** @typedef {FlowFields & Tree} Flow */

/** In milliseconds. */
const INTERVAL = 1_000;
const MAX_INTERVAL = 5_000;

export class FlowPoller {
  #poller;

  /**
   * @param {string} address
   * @param {object} callbacks
   * @param {(flow: Flow, clockOffset: number) => void} callbacks.onflow new or changed; `clockOffset` is the pool's
   *   clock minus this one, in milliseconds
   * @param {() => void} callbacks.onrecover unchanged, after failures
   * @param {() => void} callbacks.onfailure no usable response; polling goes on
   * @param {() => void} callbacks.onmissing 404; polling ends
   */
  constructor(address, { onflow, onrecover, onfailure, onmissing }) {
    const options = { interval: INTERVAL, maxInterval: MAX_INTERVAL, refusals: [404] };
    const ondocument = (/** @type {Flow} */ flow, /** @type {number} */ clockOffset) => {
      onflow(flow, clockOffset);
      if (flow.state !== "running") this.#poller.stop();
    };
    this.#poller = new Poller(address, options, { ondocument, onrecover, onfailure, onrefusal: onmissing });
  }

  start() {
    this.#poller.start();
  }
}

/** @param {Tree} root @returns {Entry[][]} the root's level first */
export function levelsOf(root) {
  const levels = [];
  for (let tree = /** @type {Tree | undefined} */ (root); tree; tree = tree.dependent) levels.push(tree.jobs);
  return levels;
}
