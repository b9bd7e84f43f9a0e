// A unit of work at hand: a job, a variable on loan, and what became of it.
import { isLost } from "./failures.js";

/** @typedef {import("./client.js").Client} Client */
/** @typedef {import("./document.js").Document} Document */
/** @typedef {import("./leases.js").Lease} Lease */
/** @typedef {import("./platform.js").Computed} Computed */
/** @typedef {import("./platform.js").Unit} Unit */

/** What is left of a lease for posting: so many seconds, or this share of a short lease. */
const MARGIN_SECONDS = 5;
const MARGIN_SHARE = 0.1;
/** Browsers let no more than 64 KiB outlive a page. */
const LARGEST_FAREWELL = 60_000;

/** How the pool knows a job. @param {Document} job */
export const idOf = (job) => String(job.content.id ?? job.content.name ?? job.address);

/** How a job is called on a display. @param {Document} job */
export const nameOf = (job) => String(job.content.name ?? job.content.metadata?.name ?? idOf(job));

/** @param {string} text */
const bytesOf = (text) => new TextEncoder().encode(text).length;

export class Task {
  #client;
  #job;
  #lease;
  #first;
  #atHand;
  /** @type {Computed | undefined} */
  #computed;

  /**
   * @param {Client} client
   * @param {Document} job
   * @param {Lease} lease
   * @param {Set<Task>} atHand where it stands until it is done with
   */
  constructor(client, job, lease, atHand) {
    this.#client = client;
    this.#job = job;
    this.#lease = this.#first = lease;
    this.#atHand = atHand;
    atHand.add(this);
  }

  get job() {
    return idOf(this.#job);
  }

  get jobName() {
    return nameOf(this.#job);
  }

  get variable() {
    return this.#first.name;
  }

  /** Milliseconds in which it must be computed, so that the result comes in time. */
  get milliseconds() {
    const { seconds, remaining } = this.#lease;
    return (remaining - Math.min(MARGIN_SECONDS, seconds * MARGIN_SHARE)) * 1000;
  }

  /**
   * Whether what is left of its lease is little, so that it had better be extended before it is computed.
   * @param {number} [mean] how many seconds its job takes
   */
  isShort(mean = 0) {
    const { seconds, remaining } = this.#lease;
    return remaining < Math.min(seconds * (1 - MARGIN_SHARE), Math.max(seconds / 2, 2 * mean));
  }

  /** @param {boolean} gpu whether jobs that require the graphics card get it @returns {Unit} */
  unit(gpu) {
    const { context, data } = this.#first;
    const { execute_function: source, requirements } = this.#job.content;
    return {
      job: this.job,
      source: String(source),
      variable: JSON.stringify(data),
      context: context === null ? null : JSON.stringify(context),
      gpu: gpu && requirements?.webgpu === true,
    };
  }

  /** Has its lease last longer. @param {AbortSignal} signal */
  async extend(signal) {
    this.#lease = await this.#client.extend(this.#lease, { signal });
  }

  /** Posts its result; may be repeated. @param {Computed} computed @param {AbortSignal} signal */
  async post(computed, signal) {
    this.#computed = computed;
    await this.#client.postResult(this.#lease, computed.result, { seconds: computed.seconds, signal });
  }

  /** It is done with: nothing is to be given back. */
  end() {
    this.#atHand.delete(this);
  }

  /**
   * Ends its lease; false where that failed: then it ends by itself, which only takes longer.
   * @param {AbortSignal} signal
   */
  async giveBack(signal) {
    if (!this.#atHand.delete(this)) return true;
    return this.#client.giveBack(this.#lease, { signal }).then(
      () => true,
      isLost,
    );
  }

  /** Gives it back, or its result, in a request that outlives the page. */
  async leave() {
    if (!this.#atHand.delete(this)) return;
    await this.#farewell().catch(() => {});
  }

  async #farewell() {
    if (this.#computed && bytesOf(this.#computed.result) < LARGEST_FAREWELL) {
      const { result, seconds } = this.#computed;
      await this.#client.postResult(this.#lease, result, { seconds, keepalive: true });
    } else {
      await this.#client.giveBack(this.#lease, { keepalive: true });
    }
  }
}
