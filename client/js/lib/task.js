// A task: a job, a leased variable, and the end of that lease.
import { isLost } from "./retry-policy.js";
import { unitSeed } from "./seed.js";

/** @typedef {import("./client.js").Client} Client */
/** @typedef {import("./document.js").Document} Document */
/** @typedef {import("./leases.js").Lease} Lease */
/** @typedef {import("./platform.js").Computed} Computed */
/** @typedef {import("./platform.js").Unit} Unit */
/** @typedef {import("./report.js").Report} Report */

/** The part of a lease that is reserved for the upload: so many seconds, or this share of a short lease. */
const UPLOAD_SECONDS = 5;
const UPLOAD_SHARE = 0.1;
/** Browsers allow 64 KiB for all keepalive requests of a page. */
const MAX_BEACON_BYTES = 60_000;

/** @param {Document} job */
export const idOf = (job) => String(job.content.id ?? job.content.name ?? job.address);

/** The job's name for display. @param {Document} job */
export const nameOf = (job) => String(job.content.name ?? job.content.metadata?.name ?? idOf(job));

/** @param {string} text */
const bytesOf = (text) => new TextEncoder().encode(text).length;

export class Task {
  #client;
  #job;
  #lease;
  #firstLease;
  #active;
  /** @type {Computed | undefined} */
  #computed;

  /**
   * @param {Client} client
   * @param {Document} job
   * @param {Lease} lease
   * @param {Set<Task>} active holds the task until its lease has ended
   */
  constructor(client, job, lease, active) {
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

  /** @param {boolean} gpu whether the volunteer allows WebGPU @returns {Unit} */
  unit(gpu) {
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

  /** Posts the result; idempotent. @param {Computed} computed @param {AbortSignal} signal */
  async post(computed, signal) {
    this.#computed = computed;
    await this.#client.postResult(this.#lease, computed.result, { seconds: computed.seconds, signal });
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

  /** Posts the result if there is one, else gives the lease back, by a request that outlives the page. */
  async sendBeacon() {
    if (!this.#active.delete(this)) return;
    await this.#beacon().catch(() => {});
  }

  async #beacon() {
    if (this.#computed && bytesOf(this.#computed.result) < MAX_BEACON_BYTES) {
      const { result, seconds } = this.#computed;
      await this.#client.postResult(this.#lease, result, { seconds, keepalive: true });
    } else {
      await this.#client.giveBack(this.#lease, { keepalive: true });
    }
  }
}
