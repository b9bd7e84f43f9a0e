// Uploads results, alone or together, with retries until the pool accepts or refuses each.
import { Backoff } from "./backoff.js";
import { exclusionOf, ForeignResponse, isLimit, isRejection, PoolError, messageOf } from "./errors.js";
import { callEach } from "./parallel.js";
import { eventKind, isLost, isServerError, isTemporary, POLICY, retryAfterOf } from "./retry-policy.js";
import { Task } from "./task.js";
import { delay } from "./timers.js";

/** @typedef {import("./platform.js").Computed} Computed */
/** @typedef {import("./shutdown.js").Shutdown} Shutdown */
/** @typedef {import("./timers.js").Clock} Clock */
/** @typedef {"accepted" | "rejected" | "late" | "refused"} Outcome */
/** @typedef {{outcome: Outcome, reason?: string, error?: unknown}} Uploaded `error`: why it was not accepted */
/**
 * @typedef {object} Item a result
 * @property {Task} task
 * @property {Computed} computed
 * @property {number} since the clock's time when it was computed
 */
/**
 * @typedef {object} UploadListener
 * @property {(item: Item, uploaded: Uploaded | undefined) => Promise<unknown>} end called once for each result;
 *   undefined when its upload was abandoned
 * @property {(item: Item, kind: string, message: string) => void} error called when the pool can't be reached, or
 *   defers results, with the first of them
 * @property {() => void} request called before each request
 */
/** @typedef {{item: Item, serverErrors: number, error?: unknown}} Attempted `error`: of the last attempt */

/** The status with which proxies refuse large requests. */
const TOO_LARGE = 413;

/** Uploads results of one job; those of several were leased together. */
export class Upload {
  #clock;
  #shutdown;
  #listener;
  #backoff = new Backoff();

  /** @param {Clock} clock @param {Shutdown} shutdown @param {UploadListener} listener */
  constructor(clock, shutdown, listener) {
    this.#clock = clock;
    this.#shutdown = shutdown;
    this.#listener = listener;
  }

  /**
   * Retries temporary failures for a day, since a result may have taken hours; a shutdown ends that.
   * @param {readonly Item[]} items
   */
  async run(items) {
    /** @type {Attempted[]} */
    let kept = items.map((item) => ({ item, serverErrors: 0 }));
    while ((kept = await this.#attempt(kept)).length > 0) await this.#waitToRetry(kept);
  }

  /** Posts results once; returns those that are to be posted again. @param {readonly Attempted[]} attempted */
  async #attempt(attempted) {
    const errors = await this.#post(attempted.map(({ item }) => item));
    /** @type {Attempted[]} */
    const kept = [];
    /** @type {Attempted[]} */
    const abandoned = [];
    for (const [index, error] of errors.entries()) {
      const serverErrors = attempted[index].serverErrors + Number(isServerError(error));
      const one = { item: attempted[index].item, serverErrors, error };
      if (error === undefined) await this.#accept(one.item);
      else if (this.#isAbandoned(one)) abandoned.push(one);
      else if (isTemporary(error, serverErrors)) kept.push(one);
      else await this.#refuse(one);
    }
    await callEach(abandoned, (one) => this.#abandon(one));
    return kept;
  }

  /** The error of each result; undefined where it is stored. @param {readonly Item[]} items @returns {Promise<unknown[]>} */
  async #post(items) {
    if (items.length === 1) return [await this.#postAlone(items[0])];
    try {
      this.#listener.request();
      return await Task.postTogether(items, { signal: this.#shutdown.expired });
    } catch (ex) {
      if (isOfAll(ex) || this.#shutdown.expired.aborted) return items.map(() => ex);
    }
    // One of them may be the cause.
    const errors = [];
    for (const item of items) errors.push(await this.#postAlone(item));
    return errors;
  }

  /** @param {Item} item */
  async #postAlone({ task, computed }) {
    try {
      this.#listener.request();
      await task.post(computed, { signal: this.#shutdown.expired });
      return undefined;
    } catch (ex) {
      return ex;
    }
  }

  /** @param {Item} item */
  #accept(item) {
    item.task.complete();
    return this.#listener.end(item, { outcome: "accepted" });
  }

  /** The lease of a result that the pool has not judged goes on. @param {Attempted} attempted */
  #refuse({ item, error }) {
    const outcome = outcomeOf(error);
    if (outcome !== "refused" || isLost(error)) item.task.complete();
    const reason = error instanceof PoolError ? error.detail || error.title : messageOf(error);
    return this.#listener.end(item, { outcome, reason, error });
  }

  /** @param {Attempted} attempted */
  #isAbandoned({ item, serverErrors, error }) {
    if (this.#shutdown.expired.aborted) return true;
    return isTemporary(error, serverErrors) && (this.#shutdown.cancelled.aborted || this.#isTooOld(item));
  }

  /** @param {Item} item */
  #isTooOld({ since }) {
    return this.#clock.now() - since >= POLICY.maxResultAge * 1000;
  }

  /** @param {Attempted} attempted */
  async #abandon({ item, error }) {
    const since = this.#shutdown.cancelled.aborted ? "" : ` for ${POLICY.maxResultAge} s`;
    const remark = (await item.task.giveBack(this.#shutdown.expired)) ? "" : " (and could not be given back)";
    const message = `the result could not be posted${since}: ${messageOf(error)}${remark}`;
    this.#listener.error(item, abandonedBecause(error), message);
    await this.#listener.end(item, undefined);
  }

  /** @param {readonly Attempted[]} kept */
  async #waitToRetry(kept) {
    const [{ item, error }] = kept;
    const waits = kept.map((one) => retryAfterOf(one.error) ?? -1);
    const longest = waits.reduce((one, other) => Math.max(one, other));
    const seconds = this.#backoff.next(longest < 0 ? null : longest);
    const kind = eventKind(error, this.#backoff.failures, seconds);
    const subject = kept.length === 1 ? "the result is kept" : `${kept.length} results are kept`;
    if (kind) this.#listener.error(item, kind, `${subject}: ${messageOf(error)}`);
    await delay(this.#clock, seconds * 1000, this.#shutdown.cancelled);
  }
}

/** Whether an error says the same of all results that were posted together. @param {unknown} ex */
function isOfAll(ex) {
  if (ex instanceof ForeignResponse && ex.status === TOO_LARGE) return false;
  return exclusionOf(ex) !== undefined || isTemporary(ex, POLICY.maxServerErrors);
}

/** The kind of the event. @param {unknown} ex */
function abandonedBecause(ex) {
  if (isLimit(ex)) return "limit";
  return ex instanceof ForeignResponse ? "foreign" : "offline";
}

/** @param {unknown} ex @returns {Outcome} */
function outcomeOf(ex) {
  if (ex instanceof PoolError && ex.status === 409) return "late";
  return isRejection(ex) ? "rejected" : "refused";
}
