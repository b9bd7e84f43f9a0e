// HTTP requests to one pool: credentials, JSON, timeouts and retries.
import { callDelay } from "./backoff.js";
import { BadCertificate, PoolError, Unreachable, messageOf } from "./errors.js";
import { randomId } from "./identity.js";
import { heldTo } from "./origin.js";
import { PoolResponse } from "./response.js";
import { POLICY } from "./retry-policy.js";
import { sleep, Watchdog } from "./timers.js";

/**
 * @typedef {object} Retries
 * @property {number} [attempts] in all; 1: no retry
 * @property {number} [firstDelay] the longest delay before the second attempt, in milliseconds; doubled each time
 */
/**
 * @typedef {object} SendOptions
 * @property {string} [body]
 * @property {Record<string, string>} [headers]
 * @property {AbortSignal} [signal]
 * @property {boolean} [keepalive] the request may outlive the page; it is not retried
 */
/** @typedef {(milliseconds: number, signal?: AbortSignal) => Promise<void>} Sleep */
/** @typedef {(address: string, init: RequestInit) => Promise<Response>} Fetch */
/**
 * @typedef {object} TransportOptions
 * @property {number} timeout until the response begins, and between its chunks, in milliseconds
 * @property {Retries} [retries]
 * @property {Fetch} [fetch]
 * @property {Sleep} [sleep]
 */

const CERTIFICATE_ERROR = /CERT|LEAF_SIGNATURE|INVALID_CA|HOSTNAME_MISMATCH/;
const JSON_TYPE = "application/json";

/** Sends requests with retries, and throws error responses as PoolError. */
export class Transport {
  #origin;
  #credentials;
  #timeout;
  #attempts;
  #firstDelay;
  #fetch;
  #sleep;

  /**
   * @param {string} root
   * @param {Record<string, string>} credentials headers of every request
   * @param {TransportOptions} options
   */
  constructor(root, credentials, { timeout, retries = {}, fetch = defaultFetch, sleep: wait = sleep }) {
    this.#origin = new URL(root).origin;
    this.#credentials = credentials;
    this.#timeout = timeout;
    this.#attempts = retries.attempts ?? POLICY.callAttempts;
    this.#firstDelay = retries.firstDelay ?? POLICY.callFirstDelay * 1000;
    this.#fetch = fetch;
    this.#sleep = wait;
  }

  /**
   * Sends a request. Throws PoolError, Unreachable, ForeignLink, or the signal's reason. All attempts of a POST share
   * one `Idempotency-Key`, so that the pool stores it once even when a response is lost.
   * @param {string} method
   * @param {string} address
   * @param {SendOptions} [options]
   */
  async send(method, address, { body, headers, signal, keepalive = false } = {}) {
    const init = { ...DEFAULTS, method, body, keepalive, headers: { ...this.#headers(method, body), ...headers } };
    const attempts = keepalive ? 1 : this.#attempts;
    for (let attempt = 1; attempt < attempts; attempt += 1) {
      try {
        return await this.#attempt(address, init, signal);
      } catch (ex) {
        const seconds = callDelay(ex, attempt, this.#firstDelay / 1000);
        if (seconds === undefined) throw ex;
        await this.#sleep(seconds * 1000, signal);
      }
    }
    return this.#attempt(address, init, signal);
  }

  /** @param {string} address @param {RequestInit} init @param {AbortSignal} [signal] */
  async #attempt(address, init, signal) {
    signal?.throwIfAborted();
    // The credentials are for this pool alone.
    const response = await this.#request(heldTo(this.#origin, address), init, signal);
    if (response.status >= 300 || !response.isOfPool) throw response.error;
    return response;
  }

  /** @param {string} address @param {RequestInit} init @param {AbortSignal} [signal] */
  async #request(address, init, signal) {
    const watchdog = new Watchdog(this.#timeout, signal);
    try {
      const response = await this.#fetch(address, { ...init, signal: watchdog.signal });
      return await PoolResponse.read(address, response, watchdog);
    } catch (ex) {
      signal?.throwIfAborted();
      if (watchdog.expired) throw unreachable(`no response within ${this.#timeout / 1000} s`, ex);
      if (ex instanceof PoolError || ex instanceof Unreachable) throw ex;
      if (isCertificateError(ex)) {
        throw new BadCertificate(`the pool's certificate is not valid: ${reasonOf(ex)}`, { cause: ex });
      }
      throw unreachable(reasonOf(ex), ex);
    } finally {
      // Chromium keeps the connection of a redirect that is not followed until the request is aborted.
      watchdog.stop();
    }
  }

  /** @param {string} method @param {string} [body] */
  #headers(method, body) {
    return {
      Accept: JSON_TYPE,
      ...(body !== undefined && { "Content-Type": JSON_TYPE }),
      ...(method === "POST" && { "Idempotency-Key": randomId() }),
      ...this.#credentials,
    };
  }
}

/** Redirects are not followed, since they could lead to another origin. @type {RequestInit} */
const DEFAULTS = { cache: "no-store", credentials: "omit", redirect: "manual", referrerPolicy: "no-referrer" };

/** A browser's `fetch` throws when it is called as a method of another object. @type {Fetch} */
const defaultFetch = (address, init) => globalThis.fetch(address, init);

/** @param {string} reason @param {unknown} cause */
const unreachable = (reason, cause) => new Unreachable(`the pool can't be reached: ${reason}`, { cause });

/** By the code of OpenSSL or Node. @param {unknown} ex */
const isCertificateError = (ex) => CERTIFICATE_ERROR.test(String(Object(Object(ex).cause).code));

/** Node wraps the cause in a TypeError "fetch failed". @param {unknown} ex */
const reasonOf = (ex) => messageOf(ex instanceof Error && ex.cause instanceof Error ? ex.cause : ex);
