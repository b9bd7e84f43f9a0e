// A task: a job, a leased variable, and the end of that lease.
import { isLost } from "./retry-policy.js";
import { unitSeed } from "./seed.js";

/** @typedef {import("./client.js").CallOptions} CallOptions */
/** @typedef {import("./client.js").Client} Client */
/** @typedef {import("./document.js").Document} Document */
/** @typedef {import("./leases.js").Lease} Lease */
/** @typedef {import("./platform.js").Computed} Computed */
/** @typedef {import("./platform.js").Unit} Unit */
/** @typedef {import("./report.js").Report} Report */

/** The part of a lease that is reserved for the upload: so many seconds, or this share of a short lease. */
const UPLOAD_SECONDS = 5;
const UPLOAD_SHARE = 0.1;
/** Of a line beside its result and its link. */
const FIELDS_BYTES = 60;

/** @param {string} text */
const bytesOf = (text) => new TextEncoder().encode(text).length;

/** @param {Document} job */
export const idOf = (job) => String(job.content.id ?? job.content.name ?? job.address);

/** The job's name for display. @param {Document} job */
export const nameOf = (job) => String(job.content.name ?? job.content.metadata?.name ?? idOf(job));

export class Task {
  #client;
  #job;
  #lease;
  #firstLease;
  #active;
  /** @type {Unit | undefined} */
  #unit;
  /** Its result, until the pool has taken it. @type {Computed | undefined} */
  computed;

  /**
   * @param {Client} client
   * @param {Document} job
   * @param {Lease} lease
   * @param {Set<Task>} active holds the task until its lease has ended
   * @param {boolean} isBatched whether others were leased with it, and its result is posted with theirs
   */
  constructor(client, job, lease, active, isBatched = false) {
    this.isBatched = isBatched;
    this.#client = client;
    this.#job = job;
    this.#lease = this.#firstLease = lease;
    this.#active = active;
    active.add(this);
  }

  get job() {
    return idOf(this.#job);
  }

  get jobName() {
    return nameOf(this.#job);
  }

  get variable() {
    return this.#firstLease.name;
  }

  /** Milliseconds for the computation: the rest of the lease without the time for the upload. */
  get timeout() {
    const { seconds, remaining } = this.#lease;
    return (remaining - Math.min(UPLOAD_SECONDS, seconds * UPLOAD_SHARE)) * 1000;
  }

  /**
   * Whether to extend the lease before the computation, because too little of it remains.
   * @param {number} [runTime] average of the job, in seconds
   */
  needsExtension(runTime = 0) {
    const { seconds, remaining } = this.#lease;
    return remaining < Math.min(seconds * (1 - UPLOAD_SHARE), Math.max(seconds / 2, 2 * runTime));
  }

  /** The same object each time. @param {boolean} gpu whether the volunteer allows WebGPU @returns {Unit} */
  unit(gpu) {
    this.#unit ??= this.#createUnit(gpu);
    return this.#unit;
  }

  /** @param {boolean} gpu @returns {Unit} */
  #createUnit(gpu) {
    // The first lease's, since the response to an extension may lack the starting context.
    const { context, data } = this.#firstLease;
    const { execute_function: source, requirements, settings } = this.#job.content;
    return {
      job: this.job,
      source: String(source),
      variable: JSON.stringify(data),
      context: context === null ? null : JSON.stringify(context),
      lossy: settings?.lossy === true,
      // Computed here: the job learns neither id.
      seed: unitSeed(this.job, this.variable),
      gpu: gpu && requirements?.webgpu === true,
    };
  }

  /** @param {AbortSignal} signal */
  async extend(signal) {
    this.#lease = await this.#client.extend(this.#lease, { signal });
  }

  /** Posts the result; idempotent. @param {Computed} computed @param {CallOptions & {keepalive?: boolean}} call */
  async post({ result, seconds }, call) {
    await this.#client.postResult(this.#lease, result, { seconds, ...call });
  }

  /**
   * Posts the results of tasks of one job by one request; idempotent.
   * @param {readonly {task: Task, computed: Computed}[]} items
   * @param {CallOptions & {keepalive?: boolean}} call
   * @returns {Promise<unknown[]>} the error of each; undefined where it is stored
   */
  static async postTogether(items, call) {
    const [{ task }] = items;
    const results = items.map((item) => ({
      variable: item.task.#lease,
      text: item.computed.result,
      seconds: item.computed.seconds,
    }));
    const posted = await task.#client.postResults(task.#job, results, call);
    return posted.map((one) => ("error" in one ? one.error : undefined));
  }

  /** The approximate size of a result's line, in bytes. @param {Computed} computed */
  bytesOf({ result }) {
    return bytesOf(result) + (this.#lease.href("post_result")?.length ?? 0) + FIELDS_BYTES;
  }

  /** Whether the pool takes reports: an older one does not. */
  get takesReports() {
    return this.#lease.has("post_report");
  }

  /** Reports how the unit failed, or what it printed. @param {Report} report @param {AbortSignal} signal */
  async report(report, signal) {
    await this.#client.postReport(this.#lease, report, { signal });
  }

  /** The lease has ended at the pool. */
  complete() {
    this.#active.delete(this);
  }

  /**
   * Gives the lease back, once. False when that failed: then the variable stays reserved until the deadline.
   * @param {AbortSignal} signal
   */
  async giveBack(signal) {
    if (!this.#active.delete(this)) return true;
    return this.#client.giveBack(this.#lease, { signal }).then(
      () => true,
      isLost,
    );
  }

  /** Gives the lease back by a request that outlives the page. */
  async releaseByBeacon() {
    await this.#client.giveBack(this.#lease, { keepalive: true });
  }
}
