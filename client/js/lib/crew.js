// What the workers of one volunteer share: the pool, the clock, which jobs to leave alone, how long a job takes.
import { Aside } from "./aside.js";
import { messageOf } from "./errors.js";
import { isGone } from "./failures.js";
import { Nothing } from "./leases.js";
import { Means } from "./means.js";
import { LONGEST_PAUSE } from "./pauses.js";
import { lacking } from "./requirements.js";
import { idOf, nameOf, Task } from "./task.js";

/** @typedef {import("./client.js").Client} Client */
/** @typedef {import("./document.js").Document} Document */
/** @typedef {import("./platform.js").Computers} Computers */
/** @typedef {import("./waiting.js").Clock} Clock */
/** @typedef {import("./volunteer.js").Settings} Settings */
/** @typedef {import("./status.js").Status} Status */

export class Crew {
  #status;
  #changes = new AbortController();
  /** @type {Set<string>} jobs that were said to be beyond this volunteer */
  #told = new Set();
  /** @type {Set<Task>} */
  tasks = new Set();
  runTimes = new Means();
  latencies = new Means();

  /**
   * @param {Client} client
   * @param {Clock} clock
   * @param {Computers} computers
   * @param {Settings} settings
   * @param {Status} status
   */
  constructor(client, clock, computers, settings, status) {
    this.client = client;
    this.clock = clock;
    this.computers = computers;
    this.settings = settings;
    this.aside = new Aside(() => clock.now());
    this.#status = status;
  }

  get status() {
    return this.#status;
  }

  /** Given when the settings change. */
  get changes() {
    return this.#changes.signal;
  }

  /** @param {Settings} settings */
  configure(settings) {
    this.settings = settings;
    this.#told.clear();
    this.#changes.abort();
    this.#changes = new AbortController();
  }

  /** @param {Document} job @param {import("./leases.js").Lease} lease */
  task(job, lease) {
    return new Task(this.client, job, lease, this.tasks);
  }

  /**
   * The job to work for next: one of those that were named, or what the scheduler says.
   * @param {AbortSignal} signal
   * @returns {Promise<Document | Nothing>}
   */
  async choose(signal) {
    const { jobs, owners, scheduler } = this.settings;
    if (jobs.length > 0) return this.#named(jobs, signal);
    return this.client.scheduledJob({ owners, scheduler, ...this.computers.abilities }, { signal });
  }

  /**
   * Whether a job may be computed here at all; where not, that is said, once, and it is left alone.
   * @param {Document} job
   */
  isFit(job) {
    const missing = lacking(job.content.requirements, this.computers.abilities);
    if (missing.length === 0) return true;
    const id = idOf(job);
    this.aside.put(id, LONGEST_PAUSE);
    this.#tellOnce(id, nameOf(job), `it requires what is not there or not allowed: ${missing.join(", ")}`);
    return false;
  }

  /** @param {readonly string[]} ids @param {AbortSignal} signal */
  async #named(ids, signal) {
    const start = Math.floor(Math.random() * ids.length);
    for (const id of [...ids.slice(start), ...ids.slice(0, start)]) {
      if (this.aside.remaining(id) > 0) continue;
      const job = await this.#job(id, signal);
      if (job) return job;
    }
    return new Nothing(Math.min(...ids.map((id) => this.aside.remaining(id))));
  }

  /** @param {string} id @param {AbortSignal} signal */
  async #job(id, signal) {
    try {
      return await this.client.job(id, { signal });
    } catch (ex) {
      if (!isGone(ex)) throw ex;
      this.aside.put(id, LONGEST_PAUSE);
      this.#tellOnce(id, id, messageOf(ex), "pool");
      return undefined;
    }
  }

  /** @param {string} job @param {string} jobName @param {string} message @param {"platform" | "pool"} [kind] */
  #tellOnce(job, jobName, message, kind = "platform") {
    if (this.#told.has(job)) return;
    this.#told.add(job);
    this.#status.error({ job, jobName, kind, message });
  }
}
