// A flow, read again and again while it runs and somebody looks.

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
 * @typedef {object} EntryView
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
 * @property {Step[]} steps
 */
/** @typedef {{jobs: EntryView[], dependent?: Tree}} Tree */
/**
 * @typedef {object} FlowFacts
 * @property {string} id
 * @property {string | null} name
 * @property {string | null} owner
 * @property {string} created
 * @property {"running" | "done" | "failed" | "cancelled"} state
 * @property {number | null} seconds
 * @property {Record<string, number>} entries how many there are of each state, and in all (`total`)
 * @property {{path: string, reason: string}} [failure]
 * @property {unknown} [result]
 */
/** @typedef {FlowFacts & Tree} Flow */

const PAUSE = 1_000;
const LONGEST_PAUSE = 5_000;
const PATIENCE = 30_000;
/** No credentials, and nothing from a cache: what is unchanged is asked for by its tag. @type {RequestInit} */
export const MANNERS = { cache: "no-store", credentials: "omit", redirect: "error", referrerPolicy: "no-referrer" };

export class FlowWatch {
  #address;
  #callbacks;
  #tag = "";
  #failures = 0;
  #isOver = false;
  #isAsking = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {string} address
   * @param {object} callbacks
   * @param {(flow: Flow, ahead: number) => void} callbacks.onflow `ahead`: of this clock is the pool's, in milliseconds
   * @param {() => void} callbacks.onback it answers again, and that nothing has changed
   * @param {() => void} callbacks.onlost no answer, or none of use; it is asked again
   * @param {() => void} callbacks.onmissing there is no such flow
   */
  constructor(address, callbacks) {
    this.#address = address;
    this.#callbacks = callbacks;
    document.addEventListener("visibilitychange", () => this.#ask());
  }

  start() {
    void this.#ask();
  }

  async #ask() {
    clearTimeout(this.#timer);
    if (document.hidden || this.#isOver || this.#isAsking) return;
    this.#isAsking = true;
    const begun = performance.now();
    await this.#read().catch(() => this.#fail());
    this.#isAsking = false;
    this.#timer = setTimeout(() => this.#ask(), this.#pause(performance.now() - begun));
  }

  /** A pool that takes its time is not kept busy. @param {number} taken */
  #pause(taken) {
    return Math.min(Math.max(PAUSE * 2 ** this.#failures, 2 * taken), LONGEST_PAUSE);
  }

  async #read() {
    const headers = { Accept: "application/json", ...(this.#tag && { "If-None-Match": this.#tag }) };
    const signal = AbortSignal.timeout(PATIENCE);
    const response = await fetch(this.#address, { ...MANNERS, headers, signal });
    if (response.status === 304) return this.#goOn();
    if (response.status === 404) return this.#end();
    if (!response.ok) throw new Error(`status ${response.status}`);
    this.#take(response, parsed(await response.text()));
  }

  /** @param {Response} response @param {Flow} flow */
  #take(response, flow) {
    const date = Date.parse(response.headers.get("Date") ?? "");
    this.#callbacks.onflow(flow, date ? date - Date.now() : 0);
    this.#failures = 0;
    this.#tag = response.headers.get("ETag") ?? "";
    this.#isOver = flow.state !== "running";
  }

  #goOn() {
    if (this.#failures) this.#callbacks.onback();
    this.#failures = 0;
  }

  #end() {
    this.#isOver = true;
    this.#callbacks.onmissing();
  }

  #fail() {
    this.#failures += 1;
    this.#callbacks.onlost();
  }
}

/** @param {Tree} root @returns {EntryView[][]} the root's first */
export function levelsOf(root) {
  const levels = [];
  for (let tree = /** @type {Tree | undefined} */ (root); tree; tree = tree.dependent) levels.push(tree.jobs);
  return levels;
}

/**
 * Numbers that JavaScript can't hold keep their digits where the browser knows how.
 * @param {string} text
 * @returns {any}
 */
function parsed(text) {
  const { rawJSON } = /** @type {any} */ (JSON);
  if (!rawJSON) return JSON.parse(text);
  /** @type {any} */
  const revive = (/** @type {string} */ _, /** @type {unknown} */ value, /** @type {{source: string}} */ { source }) =>
    typeof value === "number" && !isHeld(value, source) ? rawJSON(source) : value;
  return JSON.parse(text, revive);
}

/** @param {number} value @param {string} source */
const isHeld = (value, source) => Number.isFinite(value) && (Math.abs(value) <= 2 ** 53 || !/^-?\d+$/.test(source));
