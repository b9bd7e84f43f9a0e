// Where a worker's tasks come from: mostly the same job for a while, and one task ahead where that is of use.
import { Nothing } from "./leases.js";
import { asAsked, LONGEST_PAUSE, USUAL_PAUSE } from "./pauses.js";
import { idOf, Task } from "./task.js";

/** @typedef {import("./crew.js").Crew} Crew */
/** @typedef {import("./document.js").Document} Document */
/** @typedef {import("./halt.js").Halt} Halt */
/** @typedef {Task | {until: number}} Supplied a task, or until when, by the clock, there will be none */

const SCHEDULER_ATTEMPTS = 3;
/** So long a worker stays with a job, for the context that lives there. */
const STAY_SECONDS = 30;
/** A task ahead is fetched so long before it is needed, or so many times as long as fetching takes. */
const LEAD_SECONDS = 1;
const LEAD_FETCHES = 3;

export class Supply {
  #crew;
  #halt;
  /** @type {{job: Document, until: number} | undefined} */
  #stay;
  /** @type {Promise<Supplied> | undefined} */
  #ahead;
  #isReady = false;
  #cancelPlan = () => {};

  /** @param {Crew} crew @param {Halt} halt */
  constructor(crew, halt) {
    this.#crew = crew;
    this.#halt = halt;
  }

  /** Whether the next task is there already. */
  get isReady() {
    return this.#isReady;
  }

  /** Chooses a job anew for the next task. */
  leaveJob() {
    this.#stay = undefined;
  }

  /**
   * The next task, or until when to wait.
   * @returns {Promise<Supplied>}
   */
  async next() {
    const supplied = await (this.#takeAhead() ?? this.#fetch());
    if (!(supplied instanceof Task) || !this.#crew.aside.isFailing(supplied.job)) return supplied;
    await supplied.giveBack(this.#halt.last);
    return this.#fetch();
  }

  /**
   * Has a task ready for when it is needed, and not much earlier: others would wait for it.
   * @param {number} seconds until then
   */
  plan(seconds) {
    this.#cancelPlan();
    const lead = Math.max(LEAD_SECONDS, LEAD_FETCHES * (this.#crew.latencies.of("lease") ?? 0));
    if (seconds <= lead) this.#fetchAhead();
    else this.#cancelPlan = this.#crew.clock.after((seconds - lead) * 1000, () => this.#fetchAhead());
  }

  /** Gives back what was fetched ahead. */
  async clear() {
    const supplied = await this.#takeAhead()?.catch(() => undefined);
    if (supplied instanceof Task) await supplied.giveBack(this.#halt.last);
  }

  #takeAhead() {
    this.#cancelPlan();
    const ahead = this.#ahead;
    this.#ahead = undefined;
    this.#isReady = false;
    return ahead;
  }

  #fetchAhead() {
    if (this.#ahead || this.#halt.easing.aborted) return;
    const ahead = this.#fetch();
    this.#ahead = ahead;
    const ready = () => {
      if (this.#ahead === ahead) this.#isReady = true;
    };
    ahead.then(ready, ready);
  }

  /** @returns {Promise<Supplied>} */
  async #fetch() {
    const { aside } = this.#crew;
    let seconds = LONGEST_PAUSE;
    for (let attempt = 0; attempt < SCHEDULER_ATTEMPTS; attempt += 1) {
      const job = await this.#job();
      if (job instanceof Nothing) return this.#none(asAsked(job.retryAfter));
      const task = aside.remaining(idOf(job)) === 0 && this.#crew.isFit(job) ? await this.#lease(job) : undefined;
      if (task) return task;
      this.leaveJob();
      seconds = Math.min(seconds, this.#patience(idOf(job)));
    }
    return this.#none(seconds);
  }

  /**
   * In how many seconds the scheduler is asked again. For what keeps failing here, others need not wait.
   * @param {string} job
   */
  #patience(job) {
    const { aside } = this.#crew;
    const remaining = aside.remaining(job);
    return aside.isFailing(job) ? Math.min(remaining, USUAL_PAUSE) : remaining;
  }

  /** @param {number} seconds */
  #none(seconds) {
    return { until: this.#crew.clock.now() + seconds * 1000 };
  }

  async #job() {
    const stay = this.#stay;
    if (stay && this.#crew.clock.now() < stay.until) return stay.job;
    const job = await this.#crew.choose(this.#halt.easing);
    if (!(job instanceof Nothing)) this.#stay = { job, until: this.#crew.clock.now() + STAY_SECONDS * 1000 };
    return job;
  }

  /** @param {Document} job */
  async #lease(job) {
    const { aside, client, clock, latencies } = this.#crew;
    this.#halt.easing.throwIfAborted();
    const began = clock.now();
    // A request that is given up may have been granted: it is waited for even when all is to end.
    const { items, retryAfter } = await client.lease(job, {}, { signal: this.#halt.last });
    latencies.add("lease", (clock.now() - began) / 1000);
    if (items.length > 0) return this.#crew.task(job, items[0]);
    aside.put(idOf(job), asAsked(retryAfter));
    return undefined;
  }
}
