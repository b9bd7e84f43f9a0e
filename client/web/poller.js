// Polls a document while the page is visible; after failures, and from a slow pool, less often.

/**
 * @typedef {object} Options all times in milliseconds
 * @property {number} interval
 * @property {number} maxInterval
 * @property {number[]} refusals statuses that end polling
 * @property {Record<string, string>} [headers] of the requests
 */
/**
 * @typedef {object} Callbacks none is called after `stop`
 * @property {(document: any, clockOffset: number) => void} ondocument new or changed; `clockOffset` is the pool's clock
 *   minus this one, in milliseconds
 * @property {() => void} onrecover unchanged, after failures
 * @property {() => void} onfailure no usable response; polling goes on
 * @property {(status: number, problem: any) => void} onrefusal polling ends; `problem` is the response's document, or {}
 */

/** In milliseconds. */
const TIMEOUT = 30_000;
/** No credentials, no redirects. The cache is bypassed: the poller sends the ETag itself. @type {RequestInit} */
export const FETCH_OPTIONS = {
  cache: "no-store",
  credentials: "omit",
  redirect: "error",
  referrerPolicy: "no-referrer",
};

export class Poller {
  #address;
  #options;
  #callbacks;
  #etag = "";
  #failures = 0;
  #isStopped = false;
  #isRequesting = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {string} address @param {Options} options @param {Callbacks} callbacks */
  constructor(address, options, callbacks) {
    this.#address = address;
    this.#options = options;
    this.#callbacks = callbacks;
  }

  start() {
    document.addEventListener("visibilitychange", this.#poll);
    void this.#poll();
  }

  stop() {
    document.removeEventListener("visibilitychange", this.#poll);
    this.#isStopped = true;
  }

  #poll = async () => {
    clearTimeout(this.#timer);
    if (document.hidden || this.#isStopped || this.#isRequesting) return;
    this.#isRequesting = true;
    const started = performance.now();
    await this.#request().catch(() => this.#handleFailure());
    this.#isRequesting = false;
    if (!this.#isStopped) this.#timer = setTimeout(this.#poll, this.#delay(performance.now() - started));
  };

  /** Backs off after failures, and from a slow pool. @param {number} elapsed by the last request */
  #delay(elapsed) {
    const { interval, maxInterval } = this.#options;
    return Math.min(Math.max(interval * 2 ** this.#failures, 2 * elapsed), maxInterval);
  }

  async #request() {
    const condition = this.#etag && { "If-None-Match": this.#etag };
    const headers = { Accept: "application/json", ...this.#options.headers, ...condition };
    const signal = AbortSignal.timeout(TIMEOUT);
    const response = await fetch(this.#address, { ...FETCH_OPTIONS, headers, signal });
    if (response.status === 304) return this.#handleUnchanged();
    if (this.#options.refusals.includes(response.status)) return this.#handleRefusal(response);
    if (!response.ok) throw new Error(`status ${response.status}`);
    this.#handleDocument(response, parseExactly(await response.text()));
  }

  /** @param {Response} response @param {any} content */
  #handleDocument(response, content) {
    if (this.#isStopped) return;
    const date = Date.parse(response.headers.get("Date") ?? "");
    this.#callbacks.ondocument(content, date ? date - Date.now() : 0);
    this.#failures = 0;
    this.#etag = response.headers.get("ETag") ?? "";
  }

  #handleUnchanged() {
    if (this.#failures && !this.#isStopped) this.#callbacks.onrecover();
    this.#failures = 0;
  }

  /** @param {Response} response */
  async #handleRefusal(response) {
    const problem = await response.json().catch(() => ({}));
    if (this.#isStopped) return;
    this.stop();
    this.#callbacks.onrefusal(response.status, problem);
  }

  #handleFailure() {
    if (this.#isStopped) return;
    this.#failures += 1;
    this.#callbacks.onfailure();
  }
}

/**
 * Parses JSON and keeps the digits of numbers beyond double precision, in browsers that have `JSON.rawJSON`.
 * @param {string} text
 * @returns {any}
 */
export function parseExactly(text) {
  const { rawJSON } = /** @type {any} */ (JSON);
  if (!rawJSON) return JSON.parse(text);
  /** @type {any} */
  const revive = (/** @type {string} */ _, /** @type {unknown} */ value, /** @type {{source: string}} */ { source }) =>
    typeof value === "number" && !isExact(value, source) ? rawJSON(source) : value;
  return JSON.parse(text, revive);
}

/** @param {number} value @param {string} source */
const isExact = (value, source) => Number.isFinite(value) && (Math.abs(value) <= 2 ** 53 || !/^-?\d+$/.test(source));
