// Polls a flow's document while the flow runs and the page is visible.

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

/** All in milliseconds. */
const INTERVAL = 1_000;
const MAX_INTERVAL = 5_000;
const TIMEOUT = 30_000;
/** No credentials, no redirects. The cache is bypassed: the poller sends the ETag itself. @type {RequestInit} */
export const FETCH_OPTIONS = {
  cache: "no-store",
  credentials: "omit",
  redirect: "error",
  referrerPolicy: "no-referrer",
};

export class FlowPoller {
  #address;
  #callbacks;
  #etag = "";
  #failures = 0;
  #isFinal = false;
  #isRequesting = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {string} address
   * @param {object} callbacks
   * @param {(flow: Flow, clockOffset: number) => void} callbacks.onflow new or changed; `clockOffset` is the pool's
   *   clock minus this one, in milliseconds
   * @param {() => void} callbacks.onrecover unchanged, after failures
   * @param {() => void} callbacks.onfailure no usable response; polling goes on
   * @param {() => void} callbacks.onmissing 404; polling ends
   */
  constructor(address, callbacks) {
    this.#address = address;
    this.#callbacks = callbacks;
    document.addEventListener("visibilitychange", () => this.#poll());
  }

  start() {
    void this.#poll();
  }

  async #poll() {
    clearTimeout(this.#timer);
    if (document.hidden || this.#isFinal || this.#isRequesting) return;
    this.#isRequesting = true;
    const started = performance.now();
    await this.#request().catch(() => this.#handleFailure());
    this.#isRequesting = false;
    this.#timer = setTimeout(() => this.#poll(), this.#delay(performance.now() - started));
  }

  /** Backs off after failures, and from a slow pool. @param {number} elapsed by the last request */
  #delay(elapsed) {
    return Math.min(Math.max(INTERVAL * 2 ** this.#failures, 2 * elapsed), MAX_INTERVAL);
  }

  async #request() {
    const headers = { Accept: "application/json", ...(this.#etag && { "If-None-Match": this.#etag }) };
    const signal = AbortSignal.timeout(TIMEOUT);
    const response = await fetch(this.#address, { ...FETCH_OPTIONS, headers, signal });
    if (response.status === 304) return this.#handleUnchanged();
    if (response.status === 404) return this.#handleMissing();
    if (!response.ok) throw new Error(`status ${response.status}`);
    this.#handleFlow(response, parseExactly(await response.text()));
  }

  /** @param {Response} response @param {Flow} flow */
  #handleFlow(response, flow) {
    const date = Date.parse(response.headers.get("Date") ?? "");
    this.#callbacks.onflow(flow, date ? date - Date.now() : 0);
    this.#failures = 0;
    this.#etag = response.headers.get("ETag") ?? "";
    this.#isFinal = flow.state !== "running";
  }

  #handleUnchanged() {
    if (this.#failures) this.#callbacks.onrecover();
    this.#failures = 0;
  }

  #handleMissing() {
    this.#isFinal = true;
    this.#callbacks.onmissing();
  }

  #handleFailure() {
    this.#failures += 1;
    this.#callbacks.onfailure();
  }
}

/** @param {Tree} root @returns {Entry[][]} the root's level first */
export function levelsOf(root) {
  const levels = [];
  for (let tree = /** @type {Tree | undefined} */ (root); tree; tree = tree.dependent) levels.push(tree.jobs);
  return levels;
}

/**
 * Parses JSON and keeps the digits of numbers beyond double precision, in browsers that have `JSON.rawJSON`.
 * @param {string} text
 * @returns {any}
 */
function parseExactly(text) {
  const { rawJSON } = /** @type {any} */ (JSON);
  if (!rawJSON) return JSON.parse(text);
  /** @type {any} */
  const revive = (/** @type {string} */ _, /** @type {unknown} */ value, /** @type {{source: string}} */ { source }) =>
    typeof value === "number" && !isExact(value, source) ? rawJSON(source) : value;
  return JSON.parse(text, revive);
}

/** @param {number} value @param {string} source */
const isExact = (value, source) => Number.isFinite(value) && (Math.abs(value) <= 2 ** 53 || !/^-?\d+$/.test(source));
