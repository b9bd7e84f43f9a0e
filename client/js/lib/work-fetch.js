// Fetches work for one worker: prefers the same job for a while, leases short units in batches, and prefetches.
import { retryAfterDelay } from "./backoff.js";
import { hasBatches } from "./batch-size.js";
import { isLimit } from "./errors.js";
import { NoWork } from "./leases.js";
import { callEach } from "./parallel.js";
import { POLICY } from "./retry-policy.js";
import { idOf } from "./task.js";

/** @typedef {import("./document.js").Document} Document */
/** @typedef {import("./batch-size.js").BatchSizes} BatchSizes */
/** @typedef {import("./shutdown.js").Shutdown} Shutdown */
/** @typedef {import("./task.js").Task} Task */
/** @typedef {import("./uploader.js").Uploader} Uploader */
/** @typedef {import("./worker-context.js").WorkerContext} WorkerContext */
/** @typedef {{retryAt: number}} Wait the clock's time of the next attempt */
/**
 * @typedef {object} FetchListener
 * @property {() => void} request called before each request for a lease
 * @property {() => void} clear called before tasks are given back
 */

/**
 * A prefetch begins before it is needed by this multiple of the lease request's latency, or `fetchAhead`. Earlier, the
 * lease would only keep the variable from other volunteers and leave less time for its computation.
 */
const LEAD_LATENCIES = 3;

export class WorkFetch {
  #context;
  #shutdown;
  #sizes;
  #uploader;
  #listener;
  /** @type {{job: Document, expires: number} | undefined} */
  #affinity;
  /** Leased, and not started. @type {Task[]} */
  #queue = [];
  /** @type {Promise<Task[] | Wait> | undefined} */
  #prefetched;
  #isReady = false;
  #cancelPrefetch = () => {};
  /** @type {Promise<unknown>} */
  #clearing = Promise.resolve();
  #cleared = 0;

  /**
   * @param {WorkerContext} context @param {Shutdown} shutdown @param {BatchSizes} sizes @param {Uploader} uploader
   * @param {FetchListener} listener
   */
  constructor(context, shutdown, sizes, uploader, listener) {
    this.#context = context;
    this.#shutdown = shutdown;
    this.#sizes = sizes;
    this.#uploader = uploader;
    this.#listener = listener;
  }

  /** Whether a task is there, or a prefetch has completed. */
  get isReady() {
    return this.#queue.length > 0 || this.#isReady;
  }

  /** The number of tasks that are leased, without those of a prefetch. */
  get waiting() {
    return this.#queue.length;
  }

  /** Those that come next, where they have been leased. @param {number} count */
  following(count) {
    return this.#queue.slice(0, count);
  }

  /** The next fetch chooses a job anew. */
  dropJob() {
    this.#affinity = undefined;
  }

  /** @returns {Promise<Task | Wait>} */
  async next() {
    while (this.#queue.length === 0) {
      const cleared = this.#cleared;
      const prefetched = this.#takePrefetched();
      const fetched = await (prefetched?.catch((ex) => this.#fetchAfterLimit(ex)) ?? this.#fetch());
      if (!Array.isArray(fetched)) return fetched;
      // The job may have failed since the prefetch, also at another worker; or the settings have changed.
      if (this.#isFailing(fetched) || this.#cleared > cleared) await this.#giveBack(fetched);
      else this.#queue = fetched;
    }
    return /** @type {Task} */ (this.#queue.shift());
  }

  /**
   * Schedules the prefetch, one lead time before its tasks are needed.
   * @param {number} seconds until the worker has no task
   */
  schedulePrefetch(seconds) {
    this.#cancelPrefetch();
    const lead = Math.max(POLICY.fetchAhead, LEAD_LATENCIES * (this.#context.latencies.get("lease") ?? 0));
    if (seconds <= lead) this.#prefetch();
    // While tasks wait, the time is estimated anew with each of them.
    else if (this.#queue.length === 0) {
      this.#cancelPrefetch = this.#context.clock.after((seconds - lead) * 1000, () => this.#prefetch());
    }
  }

  /** Gives back the tasks of a job that is paused because it fails. */
  async clearFailing() {
    if (this.#isFailing(this.#queue)) await this.#giveBack(this.#queue.splice(0));
  }

  /** Gives back all that is leased, and not started. */
  async clear() {
    this.#cleared += 1;
    this.#clearing = Promise.all([this.#clearing, this.#clear()]);
    await this.#clearing;
  }

  async #clear() {
    const prefetched = this.#takePrefetched()?.catch(() => []);
    await this.#giveBack(this.#queue.splice(0));
    const fetched = await prefetched;
    if (Array.isArray(fetched)) await this.#giveBack(fetched);
  }

  /** @param {Task[]} tasks */
  #giveBack(tasks) {
    this.#listener.clear();
    return callEach(tasks, (task) => task.giveBack(this.#shutdown.expired));
  }

  /** @param {Task[]} tasks of one job */
  #isFailing([task]) {
    return task !== undefined && this.#context.jobBackoff.isFailing(task.job);
  }

  #takePrefetched() {
    this.#cancelPrefetch();
    const prefetched = this.#prefetched;
    this.#prefetched = undefined;
    this.#isReady = false;
    return prefetched;
  }

  #prefetch() {
    if (this.#prefetched || this.#shutdown.draining.aborted) return;
    const prefetched = this.#fetch();
    this.#prefetched = prefetched;
    const ready = () => {
      if (this.#prefetched === prefetched) this.#isReady = true;
    };
    prefetched.then(ready, ready);
  }

  /** @returns {Promise<Task[] | Wait>} */
  async #fetch() {
    /** @type {number} */
    let seconds = POLICY.maxDelay;
    for (let attempt = 0; attempt < POLICY.maxScheduled; attempt += 1) {
      const job = await this.#chooseJob();
      if (job instanceof NoWork) return this.#retryIn(retryAfterDelay(job.retryAfter));
      const tasks = this.#isEligible(job) ? await this.#lease(job) : [];
      if (tasks.length > 0) return tasks;
      this.dropJob();
      seconds = Math.min(seconds, this.#schedulerDelay(idOf(job)));
    }
    return this.#retryIn(seconds);
  }

  /** The limit that a prefetch met has grown with the results since. @param {unknown} ex */
  async #fetchAfterLimit(ex) {
    if (!isLimit(ex)) throw ex;
    await this.#uploader.finish();
    return this.#fetch();
  }

  /** @param {Document} job */
  #isEligible(job) {
    return this.#context.jobBackoff.remaining(idOf(job)) === 0 && this.#context.isSupported(job);
  }

  /**
   * Seconds until the next request to the scheduler. Short for a job that has failed here, whose variables the pool may
   * keep for others: the scheduler may have another one.
   * @param {string} job
   */
  #schedulerDelay(job) {
    const { jobBackoff } = this.#context;
    const remaining = jobBackoff.remaining(job);
    return jobBackoff.failures(job) > 0 ? Math.min(remaining, POLICY.failingJobDelay) : remaining;
  }

  /** @param {number} seconds */
  #retryIn(seconds) {
    return { retryAt: this.#context.clock.now() + seconds * 1000 };
  }

  async #chooseJob() {
    const { clock } = this.#context;
    if (this.#affinity && clock.now() < this.#affinity.expires) return this.#affinity.job;
    const job = await this.#context.chooseJob(this.#shutdown.draining);
    if (!(job instanceof NoWork)) this.#affinity = { job, expires: clock.now() + POLICY.jobAffinity * 1000 };
    return job;
  }

  /** @param {Document} job */
  async #lease(job) {
    const { clock, jobBackoff, latencies } = this.#context;
    const size = this.#sizes.of(idOf(job));
    const count = hasBatches(job) ? size.next : 1;
    // With results the pool's limit on leases grows; a request beyond it would be refused.
    if (count > 1) await this.#uploader.posted();
    this.#shutdown.draining.throwIfAborted();
    const began = clock.now();
    const { items, retryAfter } = await this.#requestLeases(job, count).catch((ex) => {
      size.recordFailure(count);
      throw ex;
    });
    latencies.add("lease", (clock.now() - began) / 1000);
    if (items.length === 0) jobBackoff.pause(idOf(job), retryAfterDelay(retryAfter));
    else size.recordBatch(items);
    return this.#context.createTasks(job, items, count > 1);
  }

  /** @param {Document} job @param {number} count */
  async #requestLeases(job, count) {
    const { client } = this.#context;
    this.#listener.request();
    // Not cancelled by a drain: the pool may have granted the leases, and giving them back takes the response.
    const call = { signal: this.#shutdown.expired };
    return count > 1 ? client.leaseVariables(job, count, call) : client.lease(job, {}, call);
  }
}
