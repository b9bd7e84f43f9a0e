// Fetches work for one worker: prefers the same job for a while, and prefetches one task.
import { retryAfterDelay } from "./backoff.js";
import { NoWork } from "./leases.js";
import { POLICY } from "./retry-policy.js";
import { idOf, Task } from "./task.js";

/** @typedef {import("./document.js").Document} Document */
/** @typedef {import("./shutdown.js").Shutdown} Shutdown */
/** @typedef {import("./worker-context.js").WorkerContext} WorkerContext */
/** @typedef {Task | {retryAt: number}} Fetched a task, or the clock's time of the next attempt */

/**
 * Lead time of a prefetch: so many seconds, or this multiple of the lease request's latency. Earlier, the lease would
 * only keep the variable from other volunteers and leave less time for its computation.
 */
const LEAD_SECONDS = 1;
const LEAD_LATENCIES = 3;

export class WorkFetch {
  #context;
  #shutdown;
  /** @type {{job: Document, expires: number} | undefined} */
  #affinity;
  /** @type {Promise<Fetched> | undefined} */
  #prefetched;
  #isReady = false;
  #cancelPrefetch = () => {};

  /** @param {WorkerContext} context @param {Shutdown} shutdown */
  constructor(context, shutdown) {
    this.#context = context;
    this.#shutdown = shutdown;
  }

  /** Whether a prefetch has completed. */
  get isReady() {
    return this.#isReady;
  }

  /** The next fetch chooses a job anew. */
  dropJob() {
    this.#affinity = undefined;
  }

  /** @returns {Promise<Fetched>} */
  async next() {
    const fetched = await (this.#takePrefetched() ?? this.#fetch());
    // The job may have failed at another worker since the prefetch.
    if (!(fetched instanceof Task) || !this.#context.jobBackoff.isFailing(fetched.job)) return fetched;
    await fetched.giveBack(this.#shutdown.expired);
    return this.#fetch();
  }

  /**
   * Schedules the prefetch of a task, one lead time before it is needed.
   * @param {number} seconds until it is needed
   */
  schedulePrefetch(seconds) {
    this.#cancelPrefetch();
    const lead = Math.max(LEAD_SECONDS, LEAD_LATENCIES * (this.#context.latencies.get("lease") ?? 0));
    if (seconds <= lead) this.#prefetch();
    else this.#cancelPrefetch = this.#context.clock.after((seconds - lead) * 1000, () => this.#prefetch());
  }

  /** Gives a prefetched task back. */
  async clear() {
    const fetched = await this.#takePrefetched()?.catch(() => undefined);
    if (fetched instanceof Task) await fetched.giveBack(this.#shutdown.expired);
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

  /** @returns {Promise<Fetched>} */
  async #fetch() {
    /** @type {number} */
    let seconds = POLICY.maxDelay;
    for (let attempt = 0; attempt < POLICY.maxScheduled; attempt += 1) {
      const job = await this.#chooseJob();
      if (job instanceof NoWork) return this.#retryIn(retryAfterDelay(job.retryAfter));
      const task = this.#isEligible(job) ? await this.#lease(job) : undefined;
      if (task) return task;
      this.dropJob();
      seconds = Math.min(seconds, this.#schedulerDelay(idOf(job)));
    }
    return this.#retryIn(seconds);
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
    const { client, clock, jobBackoff, latencies } = this.#context;
    this.#shutdown.draining.throwIfAborted();
    const began = clock.now();
    // Not cancelled by a drain: the pool may have granted the lease, and giving it back takes the response.
    const { items, retryAfter } = await client.lease(job, {}, { signal: this.#shutdown.expired });
    latencies.add("lease", (clock.now() - began) / 1000);
    if (items.length > 0) return this.#context.createTask(job, items[0]);
    jobBackoff.pause(idOf(job), retryAfterDelay(retryAfter));
    return undefined;
  }
}
