// The owner's access to a job: asks for the key, and loads the job's errors with it while the page is open.

import { KeyForm } from "../key-form.js";
import { OwnerKey } from "../owner-key.js";
import { FETCH_OPTIONS, parseExactly, Poller } from "../poller.js";

/** @typedef {import("./page.js").JobErrors} JobErrors */
/**
 * @typedef {object} Callbacks
 * @property {(errors: JobErrors) => void} onerrors new or changed: the key is the right one
 * @property {(status: string, values?: Record<string, string | number>) => void} onstatus "key", "loading", "some" or
 *   "none", "offline", "blocked", "forgotten", the number of a refusal, or how a `release` ended
 * @property {() => void} onclose nothing may stay on the page that the key has opened
 */

/** In milliseconds. */
const INTERVAL = 10_000;
const MAX_INTERVAL = 60_000;
const TIMEOUT = 30_000;
const REFUSALS = [401, 403, 404];
const CONFLICT = 409;
const BLOCKED = "urn:comp-pool:blocked";

export class OwnerAccess {
  #root;
  #address;
  #callbacks;
  #key;
  #form;
  /** @type {Poller | undefined} */
  #poller;
  /** How many groups there are. */
  #count = 0;

  /**
   * @param {URL} root of the pool
   * @param {string} job its path: it may have a key of its own
   * @param {string} address of its errors
   * @param {HTMLElement} heading gets the focus when the form disappears
   * @param {Callbacks} callbacks
   */
  constructor(root, job, address, heading, callbacks) {
    this.#root = root;
    this.#address = address;
    this.#callbacks = callbacks;
    this.#key = new OwnerKey(root.pathname, job);
    this.#form = new KeyForm((text) => this.#submit(text), () => this.#forget(), heading);
  }

  /** Those of requests to this pool that need the key. */
  get headers() {
    return this.#key.headers;
  }

  start() {
    if (this.#key.isKnown) {
      this.#form.hide();
      this.#load();
    } else {
      this.#form.show();
      this.#callbacks.onstatus("key");
    }
  }

  /** The document of an error. @param {string} address */
  loadError = async (address) => {
    const response = await this.#request(address, {});
    if (!response.ok) throw new Error(`status ${response.status}`);
    return parseExactly(await response.text());
  };

  /**
   * Gives a failed variable to volunteers again.
   * @param {string} address
   * @returns {Promise<string>} how that ended: "again-done", "again-unneeded" or "again-failed"
   */
  release = async (address) => {
    const body = JSON.stringify({ state: "open" });
    const options = { method: "PATCH", body, headers: { "Content-Type": "application/json" } };
    const { ok, status } = await this.#request(address, options).catch(() => ({ ok: false, status: 0 }));
    const outcome = ok ? "again-done" : status === CONFLICT ? "again-unneeded" : "again-failed";
    this.#callbacks.onstatus(outcome);
    return outcome;
  };

  /** At this pool alone, since the request has the owner's key. @param {string} address @param {RequestInit} options */
  async #request(address, options) {
    const { href, origin, pathname } = new URL(address, location.href);
    if (origin !== this.#root.origin || !pathname.startsWith(this.#root.pathname)) {
      throw new Error(`not of this pool: ${href}`);
    }
    const headers = { Accept: "application/json", ...options.headers, ...this.#key.headers };
    return fetch(href, { ...FETCH_OPTIONS, ...options, headers, signal: AbortSignal.timeout(TIMEOUT) });
  }

  #load() {
    this.#poller?.stop();
    const options = { interval: INTERVAL, maxInterval: MAX_INTERVAL, refusals: REFUSALS, headers: this.#key.headers };
    this.#poller = new Poller(this.#address, options, {
      ondocument: (errors) => this.#open(errors),
      onrecover: () => this.#tellCount(),
      onfailure: () => this.#callbacks.onstatus("offline"),
      onrefusal: (status, problem) => this.#refuse(status, problem),
    });
    this.#callbacks.onstatus("loading");
    this.#poller.start();
  }

  /** @param {JobErrors} errors */
  #open(errors) {
    this.#count = errors._embedded.items.length;
    this.#callbacks.onerrors(errors);
    this.#key.keep();
    this.#form.hide();
    this.#tellCount();
  }

  /** @param {number} status @param {{type?: string, detail?: string}} problem */
  #refuse(status, { type, detail }) {
    this.#close();
    if (type === BLOCKED) this.#callbacks.onstatus("blocked", { message: detail ?? "" });
    else this.#callbacks.onstatus(String(status));
    if (status === 404) this.#form.hide();
    else this.#form.ask(true);
    if (status === 401) this.#key.forget();
  }

  /** @param {string} text */
  #submit(text) {
    if (this.#key.use(text)) this.#load();
    else this.#refuse(401, {});
  }

  #forget() {
    this.#close();
    this.#key.forget();
    this.#callbacks.onstatus("forgotten");
    this.#form.ask(false);
  }

  #close() {
    this.#poller?.stop();
    this.#callbacks.onclose();
  }

  #tellCount() {
    this.#callbacks.onstatus(this.#count ? "some" : "none", { count: this.#count });
  }
}
