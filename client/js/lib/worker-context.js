// The context that the workers of one volunteer share: the pool's client, the clock, settings, backoff of jobs, and
// averages of run times.
import { ForeignResponse, messageOf } from "./errors.js";
import { JobBackoff } from "./job-backoff.js";
import { NoWork } from "./leases.js";
import { MovingAverages } from "./moving-average.js";
import { pinConflict } from "./pins.js";
import { unmetRequirements } from "./requirements.js";
import { isGone, POLICY } from "./retry-policy.js";
import { idOf, nameOf, Task } from "./task.js";

/** @typedef {import("./client.js").Client} Client */
/** @typedef {import("./document.js").Document} Document */
/** @typedef {import("./leases.js").Lease} Lease */
/** @typedef {import("./platform.js").Executors} Executors */
/** @typedef {import("./settings.js").Settings} Settings */
/** @typedef {import("./status.js").Status} Status */
/** @typedef {import("./timers.js").Clock} Clock */

/** How many leases are remembered, to recognise one that a cache repeats. */
const REMEMBERED_LEASES = 10_000;
/** In characters: longer links would fill the memory, and no pool has them. */
const MAX_REMEMBERED = 1000;

export class WorkerContext {
  #changes = new AbortController();
  /** @type {Set<string>} jobs that have been reported as impossible here */
  #reported = new Set();
  /** @type {Set<Task>} tasks that hold a lease */
  active = new Set();
  /** When what its units print was last reported, by job. @type {Map<string, number>} */
  #consoleReports = new Map();
  /** The last leases, by their links, oldest first. @type {Set<string>} */
  #leases = new Set();
  /** In seconds, by request. */
  latencies = new MovingAverages();

  /**
   * @param {Client} client
   * @param {Clock} clock
   * @param {Executors} executors
   * @param {Settings} settings
   * @param {Status} status
   */
  constructor(client, clock, executors, settings, status) {
    this.client = client;
    this.clock = clock;
    this.executors = executors;
    this.settings = settings;
    this.status = status;
    /** When the visit began, by the clock. */
    this.began = clock.now();
    this.jobBackoff = new JobBackoff(() => clock.now());
  }

  /** Aborts when the settings change. */
  get changes() {
    return this.#changes.signal;
  }

  /** @param {Settings} settings */
  configure(settings) {
    // Perhaps the volunteer has agreed to another function now.
    for (const job of changedPins(this.settings.pins, settings.pins)) this.jobBackoff.resume(job);
    this.settings = settings;
    this.#reported.clear();
    this.#changes.abort();
    this.#changes = new AbortController();
  }

  /**
   * Throws ForeignResponse if one of the leases was served before: a pool gives each lease a token of its own.
   * @param {Document} job @param {readonly Lease[]} leases @param {boolean} isBatched whether they were leased together
   */
  createTasks(job, leases, isBatched) {
    this.#remember(leases.filter((lease) => lease.has("lease")).map((lease) => lease.link("lease")));
    return leases.map((lease) => new Task(this.client, job, lease, this.active, isBatched));
  }

  /** @param {string[]} found */
  #remember(found) {
    const links = new Set(found.filter((link) => link.length <= MAX_REMEMBERED));
    const isRepeated = new Set(found).size < found.length || [...links].some((link) => this.#leases.has(link));
    if (isRepeated) throw new ForeignResponse(200, "a lease that was served before");
    for (const link of links) this.#leases.add(link);
    for (const oldest of this.#leases) {
      if (this.#leases.size <= REMEMBERED_LEASES) break;
      this.#leases.delete(oldest);
    }
  }

  /** The seconds that a worker takes for a unit, its rests included. @param {number} runTime in seconds */
  wallTime(runTime) {
    const { unitOverhead = 0 } = this.executors;
    return (runTime + unitOverhead / 1000) / this.settings.throttle;
  }

  /**
   * Whether what a unit of this job has printed is reported: seldom, since most units print the same.
   * @param {string} job
   */
  claimConsoleReport(job) {
    const [now, last] = [this.clock.now(), this.#consoleReports.get(job) ?? -Infinity];
    if (now - last < POLICY.reportInterval * 1000) return false;
    this.#consoleReports.set(job, now);
    return true;
  }

  /**
   * The next job: one of the named ones, or the scheduler's choice.
   * @param {AbortSignal} signal
   * @returns {Promise<Document | NoWork>}
   */
  async chooseJob(signal) {
    const { jobs, owners, scheduler } = this.settings;
    if (jobs.length > 0) return this.#chooseNamed(jobs, signal);
    const job = await this.client.scheduledJob({ owners, scheduler, ...this.executors.capabilities }, { signal });
    return job instanceof NoWork ? job : checked(job);
  }

  /**
   * Whether a job's requirements are met, and its function is the pinned one. If not, pauses the job and reports it
   * once.
   * @param {Document} job
   */
  isSupported(job) {
    const unmet = unmetRequirements(job.content.requirements, this.executors.capabilities);
    if (unmet.length > 0) return this.#skip(job, `requirements not met or not allowed here: ${unmet.join(", ")}`);
    const conflict = pinConflict(job, this.settings.pins);
    return conflict === undefined || this.#skip(job, conflict, "pinned");
  }

  /** @param {Document} job @param {string} message @param {"platform" | "pinned"} [kind] */
  #skip(job, message, kind = "platform") {
    this.jobBackoff.pause(idOf(job), POLICY.unavailableJobPause);
    this.#reportOnce(idOf(job), nameOf(job), message, kind);
    return false;
  }

  /**
   * Starts at a random one, so that volunteers spread over the jobs.
   * @param {readonly string[]} ids @param {AbortSignal} signal
   */
  async #chooseNamed(ids, signal) {
    const start = Math.floor(Math.random() * ids.length);
    for (const id of [...ids.slice(start), ...ids.slice(0, start)]) {
      if (this.jobBackoff.remaining(id) > 0) continue;
      const job = await this.#findJob(id, signal);
      if (job) return job;
    }
    return new NoWork(Math.min(...ids.map((id) => this.jobBackoff.remaining(id))));
  }

  /** @param {string} id @param {AbortSignal} signal */
  async #findJob(id, signal) {
    try {
      return checked(await this.client.job(id, { signal }));
    } catch (ex) {
      if (!isGone(ex)) throw ex;
      this.jobBackoff.pause(id, POLICY.unavailableJobPause);
      this.#reportOnce(id, id, messageOf(ex), "pool");
      return undefined;
    }
  }

  /** @param {string} job @param {string} jobName @param {string} message @param {"platform" | "pinned" | "pool"} [kind] */
  #reportOnce(job, jobName, message, kind = "platform") {
    if (this.#reported.has(job)) return;
    this.#reported.add(job);
    this.status.addError({ job, jobName, kind, message });
  }
}

/** @param {import("./pins.js").Pins} before @param {import("./pins.js").Pins} now @returns {string[]} ids of jobs */
const changedPins = (before, now) =>
  Object.keys({ ...before, ...now }).filter((job) => before[job] !== now[job]);

/** A job; throws ForeignResponse if the document is another service's. @param {Document} job */
function checked(job) {
  if (!job.has("get_variables")) throw new ForeignResponse(200, "no job");
  return job;
}
