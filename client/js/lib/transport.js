// HTTP as a pool wants it: who speaks, JSON both ways, and patience with a pool that is away or busy.
import { Answer } from "./answer.js";
import { Astray, PoolError, Unreachable, messageOf } from "./errors.js";
import { randomId } from "./identity.js";
import { sleep, Watchdog } from "./waiting.js";

/**
 * @typedef {object} Patience how often a request is tried
 * @property {number} [attempts]
 * @property {number} [firstPause] the longest pause after the first failure, in milliseconds; doubled each time
 */
/**
 * @typedef {object} Sending
 * @property {string} [body]
 * @property {Record<string, string>} [headers]
 * @property {AbortSignal} [signal]
 * @property {boolean} [keepalive] may outlive the page; tried once
 */
/** @typedef {(milliseconds: number, signal?: AbortSignal) => Promise<void>} Sleep */
/** @typedef {(address: string, init: RequestInit) => Promise<Response>} Fetch */
/**
 * @typedef {object} TransportOptions
 * @property {number} timeout for an answer to begin, and between its parts, in milliseconds
 * @property {Patience} [patience]
 * @property {Fetch} [fetch]
 * @property {Sleep} [sleep]
 */

const JSON_TYPE = "application/json";
const BUSY = [429, 502, 503, 504];
const LONGEST_PAUSE = 60_000;

/** Sends requests, again where that is of use, and turns error answers into PoolError. */
export class Transport {
  #home;
  #credentials;
  #timeout;
  #attempts;
  #firstPause;
  #fetch;
  #sleep;

  /**
   * @param {string} root
   * @param {Record<string, string>} credentials headers of every request
   * @param {TransportOptions} options
   */
  constructor(root, credentials, { timeout, patience = {}, fetch = usualFetch, sleep: wait = sleep }) {
    this.#home = new URL(root).origin;
    this.#credentials = credentials;
    this.#timeout = timeout;
    this.#attempts = patience.attempts ?? 5;
    this.#firstPause = patience.firstPause ?? 500;
    this.#fetch = fetch;
    this.#sleep = wait;
  }

  /**
   * Sends a request until it is answered. Throws PoolError, Unreachable when patience is at its end, Astray, or
   * the signal's reason. A POST carries one `Idempotency-Key` in all its attempts: the pool stores it once.
   * @param {string} method
   * @param {string} address
   * @param {Sending} [sending]
   */
  async send(method, address, { body, headers, signal, keepalive = false } = {}) {
    const init = { ...MANNERS, method, body, keepalive, headers: { ...this.#headers(method, body), ...headers } };
    const attempts = keepalive ? 1 : this.#attempts;
    for (let attempt = 1; attempt < attempts; attempt += 1) {
      try {
        return await this.#attempt(address, init, signal);
      } catch (ex) {
        await this.#sleep(this.#pause(attempt, ex), signal);
      }
    }
    return this.#attempt(address, init, signal);
  }

  /**
   * How long to wait after a failure: any time up to a limit, so that clients that failed together come back apart,
   * and no less than what the pool asked for. Throws what would not pass so soon.
   * @param {number} attempt
   * @param {unknown} ex
   */
  #pause(attempt, ex) {
    const asked = ex instanceof PoolError ? (ex.retryAfter ?? 0) * 1000 : 0;
    if (!passes(ex) || asked > LONGEST_PAUSE) throw ex;
    const longest = Math.min(this.#firstPause * 2 ** (attempt - 1), LONGEST_PAUSE);
    return asked + Math.random() * longest;
  }

  /** @param {string} address @param {RequestInit} init @param {AbortSignal} [signal] */
  async #attempt(address, init, signal) {
    signal?.throwIfAborted();
    const answer = await this.#ask(this.#checked(address), init, signal);
    if (answer.status >= 300) throw answer.error;
    return answer;
  }

  /** No link leads anywhere but to the pool, and redirects are not followed. @param {string} address */
  #checked(address) {
    if (new URL(address).origin !== this.#home) throw new Astray(address);
    return address;
  }

  /** @param {string} address @param {RequestInit} init @param {AbortSignal} [signal] */
  async #ask(address, init, signal) {
    const watchdog = new Watchdog(this.#timeout, signal);
    try {
      const response = await this.#fetch(address, { ...init, signal: watchdog.signal });
      return await Answer.read(address, response, watchdog);
    } catch (ex) {
      signal?.throwIfAborted();
      if (ex instanceof PoolError || ex instanceof Unreachable) throw ex;
      const reason = watchdog.expired ? `no answer within ${this.#timeout / 1000} s` : reasonOf(ex);
      throw new Unreachable(`the pool can't be reached: ${reason}`, { cause: ex });
    } finally {
      watchdog.end();
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

/** @type {RequestInit} */
const MANNERS = { cache: "no-store", credentials: "omit", redirect: "error", referrerPolicy: "no-referrer" };

/** Called as a function of nobody: a browser's `fetch` minds. @type {Fetch} */
const usualFetch = (address, init) => globalThis.fetch(address, init);

/** @param {unknown} ex */
const passes = (ex) => ex instanceof Unreachable || (ex instanceof PoolError && BUSY.includes(ex.status));

/** Node hides why behind "fetch failed". @param {unknown} ex */
const reasonOf = (ex) => messageOf(ex instanceof Error && ex.cause instanceof Error ? ex.cause : ex);
