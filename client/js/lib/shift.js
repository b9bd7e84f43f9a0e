// The work of one worker of a volunteer: job, lease, computation, result, and so on until it is told to end.
import { deliver } from "./delivery.js";
import { JobError, messageOf } from "./errors.js";
import { askedFor, isWorthTelling, mayPass } from "./failures.js";
import { Halt } from "./halt.js";
import { Backoff, jittered } from "./pauses.js";
import { Supply } from "./supply.js";
import { Task } from "./task.js";
import { pause, unlessAborted } from "./waiting.js";

/** @typedef {import("./crew.js").Crew} Crew */
/** @typedef {import("./platform.js").Computed} Computed */
/** @typedef {import("./status.js").WorkerState} WorkerState */

/** What computes is kept for the context in it, but not for long: a job might go on computing there. */
const KEEP_SECONDS = 5;

export class Shift {
  #number;
  #crew;
  #computer;
  #supply;
  #outages = new Backoff();
  #posting = Promise.resolve();
  #isPosting = false;
  #penalty = 0;
  #idleSince = 0;

  /** @param {number} number @param {Crew} crew */
  constructor(number, crew) {
    this.#number = number;
    this.#crew = crew;
    this.halt = new Halt(crew.clock);
    this.#supply = new Supply(crew, this.halt);
    this.#computer = crew.computers.computer();
  }

  /** Works until it is halted. */
  async run() {
    try {
      while (!this.halt.easing.aborted) await this.#turn().catch((ex) => this.#outage(ex));
    } finally {
      await Promise.allSettled([this.#supply.clear(), this.#posting]);
      this.#computer.close();
      this.halt.over();
      this.#show("idle");
    }
  }

  /** Chooses a job anew, since the settings have changed. */
  async rechoose() {
    this.#supply.leaveJob();
    await this.#supply.clear();
  }

  async #turn() {
    await this.#servePenalty();
    const task = await this.#next();
    if (!task) return;
    if (this.halt.easing.aborted || !(await this.#isGood(task))) await task.giveBack(this.halt.last);
    else await this.#serve(task);
  }

  /** Waits after a failure, so that a broken job makes no busy loop. */
  async #servePenalty() {
    const penalty = this.#penalty;
    this.#penalty = 0;
    if (penalty > 0) await this.#wait(penalty);
  }

  /** The next task; undefined, after a pause, where there is none to be had. */
  async #next() {
    if (!this.#supply.isReady) this.#show("fetching");
    const supplied = await this.#supply.next();
    this.#outages.reset();
    if (supplied instanceof Task) return supplied;
    await this.#wait((supplied.until - this.#crew.clock.now()) / 1000);
    return undefined;
  }

  /** @param {unknown} ex */
  async #outage(ex) {
    if (this.halt.easing.aborted) return;
    this.#supply.leaveJob();
    const seconds = this.#outages.next(askedFor(ex));
    const passes = mayPass(ex);
    if (!passes || isWorthTelling(this.#outages.failures, seconds)) {
      this.#crew.status.error({ worker: this.#number, kind: passes ? "offline" : "pool", message: messageOf(ex) });
    }
    await this.#wait(seconds);
  }

  /** @param {number} seconds */
  async #wait(seconds) {
    this.#show("waiting");
    await this.#pause(seconds * 1000);
  }

  /** @param {number} milliseconds */
  async #pause(milliseconds) {
    const { changes, clock } = this.#crew;
    if (clock.now() + milliseconds - this.#idleSince > KEEP_SECONDS * 1000) this.#computer.rest();
    await pause(clock, milliseconds, this.halt.easing, changes);
  }

  /**
   * Whether there is time enough to compute a task; its lease is extended where it has become short.
   * @param {Task} task
   */
  async #isGood(task) {
    if (!task.isShort(this.#crew.runTimes.of(task.job))) return true;
    try {
      await task.extend(this.halt.last);
    } catch (ex) {
      // While the pool is away, what is left may be enough.
      if (mayPass(ex)) return task.milliseconds > 1000;
      task.end();
      return false;
    }
    return true;
  }

  /** @param {Task} task */
  async #serve(task) {
    const { clock } = this.#crew;
    const [began, { milliseconds }] = [clock.now(), task];
    this.#show("computing", task);
    this.#planAhead(task.job);
    const computed = await this.#compute(task, milliseconds);
    const ended = (this.#idleSince = clock.now());
    if (computed) await this.#post(task, computed);
    // A computer that was asleep in the meantime has not computed for as long as its clock says.
    await this.#rest(ended, Math.min(computed ? computed.seconds * 1000 : ended - began, milliseconds));
  }

  /** @param {string} job */
  #planAhead(job) {
    const mean = this.#crew.runTimes.of(job);
    if (mean !== undefined) this.#supply.plan(mean / this.#crew.settings.throttle);
  }

  /** Undefined where it failed, after that has been seen to. @param {Task} task @param {number} milliseconds */
  async #compute(task, milliseconds) {
    const { runTimes, settings } = this.#crew;
    const signal = this.halt.ended;
    try {
      const computing = this.#computer.compute(task.unit(settings.gpu), { milliseconds, signal });
      const computed = await unlessAborted(computing, signal, () => new JobError("cancelled", "it was interrupted"));
      runTimes.add(task.job, computed.seconds);
      return computed;
    } catch (ex) {
      await this.#failed(task, ex);
      return undefined;
    }
  }

  /**
   * Posts a result while the worker goes on; the one before it must have been answered.
   * @param {Task} task @param {Computed} computed
   */
  async #post(task, computed) {
    if (this.#isPosting) this.#show("waiting", task);
    await this.#posting;
    this.#isPosting = true;
    this.#posting = this.#deliver(task, computed).finally(() => {
      this.#isPosting = false;
    });
  }

  /** @param {Task} task @param {Computed} computed */
  async #deliver(task, computed) {
    const { seconds } = computed;
    const tell = (/** @type {string} */ message) =>
      this.#crew.status.error({ ...this.#facts(task), kind: "offline", message });
    const answered = await deliver(this.#crew, this.halt, task, computed, tell);
    if (!answered) {
      this.#crew.status.returned();
      return;
    }
    if (answered.outcome === "accepted") this.#crew.aside.forgive(task.job);
    this.#crew.status.unit({ ...this.#facts(task), seconds, ...answered });
    if (answered.outcome === "rejected" || answered.outcome === "refused") this.#blame(task);
  }

  /** @param {Task} task @param {unknown} ex */
  async #failed(task, ex) {
    const error = ex instanceof JobError ? ex : new JobError("crash", messageOf(ex));
    const given = await task.giveBack(this.halt.last);
    if (error.kind === "cancelled" && this.halt.ended.aborted) {
      this.#crew.status.returned();
      return;
    }
    const message = given ? error.message : `${error.message} (and could not be given back)`;
    this.#crew.status.failed({ ...this.#facts(task), kind: error.kind, message });
    this.#blame(task);
  }

  /** @param {Task} task */
  #blame(task) {
    const { aside, status } = this.#crew;
    const seconds = aside.blame(task.job);
    // Another job is as good: whoever keeps failing must not keep a worker from the rest.
    this.#supply.leaveJob();
    if (seconds > 0) {
      const message = `it failed several times in a row: left aside for ${seconds} s`;
      status.error({ ...this.#facts(task), kind: "aside", message });
    } else {
      this.#penalty = jittered(0.25 * 2 ** aside.failures(task.job));
    }
  }

  /**
   * Rests after a unit, so that the worker takes no more than its share of the time.
   * @param {number} since when, by the clock
   * @param {number} milliseconds how long the unit took
   */
  async #rest(since, milliseconds) {
    const until = () => since + milliseconds * (1 / this.#crew.settings.throttle - 1);
    const left = () => until() - this.#crew.clock.now();
    while (left() > 0 && !this.halt.easing.aborted) {
      this.#show("resting");
      this.#supply.plan(left() / 1000);
      await this.#pause(left());
    }
  }

  /** @param {Task} task */
  #facts({ job, jobName, variable }) {
    return { worker: this.#number, job, jobName, variable };
  }

  /** @param {WorkerState} state @param {Task} [task] */
  #show(state, task) {
    this.#crew.status.worker(this.#number, state, task);
  }
}
