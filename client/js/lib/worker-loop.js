// The loop of one worker: fetch a task, compute it, upload its result; until its shutdown.
import { Backoff, exponential, jittered } from "./backoff.js";
import { BatchSizes } from "./batch-size.js";
import { DutyCycle } from "./duty-cycle.js";
import { exclusionOf, JobError, messageOf } from "./errors.js";
import { eventKind, isLost, isTemporary, POLICY, retryAfterOf } from "./retry-policy.js";
import { Shutdown } from "./shutdown.js";
import { Task } from "./task.js";
import { abortable, delay } from "./timers.js";
import { UnitEnd } from "./unit-end.js";
import { Uploader } from "./uploader.js";
import { WorkFetch } from "./work-fetch.js";

/** @typedef {import("./platform.js").Computed} Computed */
/** @typedef {import("./status.js").WorkerState} WorkerState */
/** @typedef {import("./worker-context.js").WorkerContext} WorkerContext */

/** Less than this is not worth a computation whose lease could not be extended. */
const MIN_TIMEOUT = 1000;
/** Milliseconds: shorter rests are saved up, since each of them costs some messages. */
const MIN_REST = 5;
/** Milliseconds for which an executor is frozen during a wait of unknown length: first, and at most. */
const FIRST_FREEZE = 10;
const MAX_FREEZE = 200;
/** What an executor is given ahead: units of so many seconds by their mean, one at least, and so many at most. */
const AHEAD_SECONDS = 0.2;
const MAX_AHEAD = 8;

export class WorkerLoop {
  #number;
  #context;
  #executor;
  #sizes;
  #workFetch;
  #unitEnd;
  #uploader;
  #outages = new Backoff();
  #failureDelay = 0;
  #idleSince = 0;
  #dutyCycle;
  /** Requests whose processor time has not been accounted yet. */
  #requests = 0;

  /** @param {number} number @param {WorkerContext} context */
  constructor(number, context) {
    this.#number = number;
    this.#context = context;
    this.shutdown = new Shutdown(context.clock);
    this.#sizes = new BatchSizes(context.clock, context.began, (runTime) => context.wallTime(runTime));
    this.#unitEnd = new UnitEnd(number, context, this.shutdown, (task) => this.#recordFailure(task));
    this.#uploader = new Uploader(context.clock, this.shutdown, {
      end: (item, uploaded) => this.#unitEnd.endUpload(item, uploaded),
      error: ({ task }, kind, message) => this.#unitEnd.showError(task, kind, message),
      request: () => this.#countRequest(),
    });
    this.#workFetch = new WorkFetch(context, this.shutdown, this.#sizes, this.#uploader, {
      request: () => this.#countRequest(),
      clear: () => this.#executor.withdraw?.(),
    });
    this.#executor = context.executors.create();
    this.#dutyCycle = new DutyCycle(context.clock.now());
    this.shutdown.draining.addEventListener("abort", () => this.#drain());
  }

  /** Resolves after the shutdown, when no lease and no executor is left. Rejects if the pool excludes this client. */
  async run() {
    try {
      while (!this.shutdown.draining.aborted) await this.#processNext().catch((ex) => this.#handleOutage(ex));
    } finally {
      await Promise.allSettled([this.#workFetch.clear(), this.#uploader.finish()]);
      this.#executor.close();
      this.shutdown.dispose();
      this.#setState("idle");
    }
  }

  /** Chooses a job anew and gives back what waits, since the settings have changed. */
  async rechooseJob() {
    this.#workFetch.dropJob();
    await this.#workFetch.clear();
  }

  /** What waits is given back, and what is computed is posted, while the running unit may go on. */
  #drain() {
    this.#workFetch.clear();
    this.#uploader.flush();
  }

  async #processNext() {
    await this.#waitAfterFailure();
    const task = await this.#fetchTask();
    if (!task) return;
    if (this.shutdown.draining.aborted || !(await this.#ensureTime(task))) await task.giveBack(this.shutdown.expired);
    else await this.#process(task);
  }

  /** Without this delay a broken job would make a busy loop. */
  async #waitAfterFailure() {
    await this.#workFetch.clearFailing();
    const seconds = this.#failureDelay;
    this.#failureDelay = 0;
    if (seconds > 0) await this.#wait(seconds);
  }

  /** The next task; undefined, after a delay, if there is none. */
  async #fetchTask() {
    const { isReady } = this.#workFetch;
    if (!isReady) this.#setState("fetching");
    const fetching = this.#workFetch.next();
    const fetched = await (isReady ? fetching : this.#frozenUntil(fetching));
    this.#outages.reset();
    if (fetched instanceof Task) return fetched;
    await this.#wait((fetched.retryAt - this.#context.clock.now()) / 1000);
    return undefined;
  }

  /** Reports an error of a request, and waits before the next one. @param {unknown} ex */
  async #handleOutage(ex) {
    if (this.shutdown.draining.aborted) return;
    if (exclusionOf(ex)) throw ex;
    this.#workFetch.dropJob();
    const seconds = this.#outages.next(retryAfterOf(ex));
    const kind = eventKind(ex, this.#outages.failures, seconds);
    if (kind) this.#context.status.addError({ worker: this.#number, kind, message: messageOf(ex) });
    await this.#wait(seconds);
  }

  /** @param {number} seconds */
  async #wait(seconds) {
    this.#setState("waiting");
    await this.#idle(seconds * 1000);
  }

  /** @param {number} milliseconds */
  async #idle(milliseconds) {
    const { changes, clock } = this.#context;
    if (clock.now() + milliseconds - this.#idleSince > POLICY.executorIdle * 1000) this.#executor.reset();
    else this.#executor.freeze?.(milliseconds);
    await delay(clock, milliseconds, this.shutdown.draining, changes);
  }

  /**
   * Settles as a promise does. What the job has left behind stands still until then, unless the share is the whole time:
   * thawing takes some milliseconds. In a long wait it ends, as in `#idle`.
   * @template Value
   * @param {Promise<Value>} waiting
   */
  async #frozenUntil(waiting) {
    const settled = new AbortController();
    const cancelReset = this.#context.clock.after(POLICY.executorIdle * 1000, () => this.#executor.reset());
    const settle = () => {
      cancelReset();
      settled.abort();
    };
    waiting.then(settle, settle);
    await this.#freezeUntil(settled.signal);
    return waiting;
  }

  /** @param {AbortSignal} settled */
  async #freezeUntil(settled) {
    if (!this.#executor.freeze || this.#context.settings.throttle === 1) return;
    for (let slice = FIRST_FREEZE; !settled.aborted; slice = Math.min(2 * slice, MAX_FREEZE)) {
      this.#executor.freeze(slice);
      await delay(this.#context.clock, slice, settled);
    }
  }

  /**
   * Extends the lease if too little of it remains, as of a task that was prefetched long ago. False if it is lost.
   * @param {Task} task
   */
  async #ensureTime(task) {
    // One that runs already needed none one unit ago.
    if (this.#executor.isAhead || !task.needsExtension(this.#sizes.of(task.job).mean)) return true;
    // Those behind it have waited for as long.
    if (this.#workFetch.waiting > 0) this.#workFetch.clear();
    try {
      await task.extend(this.shutdown.expired);
    } catch (ex) {
      // A lost lease costs nothing: nothing has been computed under it.
      if (!isLost(ex) && !this.shutdown.expired.aborted) {
        this.#unitEnd.showError(task, "not-extended", messageOf(ex));
      }
      // During an outage the rest of the lease may suffice.
      if (isTemporary(ex)) return task.timeout > MIN_TIMEOUT;
      task.complete();
      return false;
    }
    return true;
  }

  /** @param {Task} task */
  async #process(task) {
    const { clock } = this.#context;
    const [began, { timeout }] = [clock.now(), task];
    this.#setState("computing", task);
    this.#schedulePrefetch(task.job);
    const computed = await this.#compute(task, timeout);
    const ended = (this.#idleSince = clock.now());
    // At most the timeout: a machine that slept meanwhile has not computed for as long as its clock shows.
    this.#accountUnit(computed ? computed.seconds * 1000 : ended - began, timeout);
    if (computed) await this.#upload(task, computed);
    // That was the last one of its batch.
    if (this.#workFetch.waiting === 0) this.#uploader.flush();
    await this.#rest();
  }

  /** @param {string} job */
  #schedulePrefetch(job) {
    const { wallTime } = this.#sizes.of(job);
    // Without a known run time the time of the prefetch can't be computed.
    if (wallTime !== undefined) this.#workFetch.schedulePrefetch(wallTime * (1 + this.#workFetch.waiting));
  }

  /** Undefined if the unit failed; the failure has been handled then. @param {Task} task @param {number} timeout */
  async #compute(task, timeout) {
    const { clock } = this.#context;
    const began = clock.now();
    try {
      const computed = await this.#execute(task, timeout);
      this.#sizes.of(task.job).recordRun(computed.seconds);
      return computed;
    } catch (ex) {
      await this.#frozenUntil(this.#unitEnd.fail(task, ex, Math.min(clock.now() - began, timeout) / 1000));
      return undefined;
    }
  }

  /** @param {Task} task @param {number} timeout @returns {Promise<Computed>} */
  async #execute(task, timeout) {
    const { clock, settings } = this.#context;
    const signal = this.shutdown.cancelled;
    // The others of its batch would wait too long.
    const cancelTimer = task.isBatched ? clock.after(timeout / 2, () => this.#workFetch.clear()) : () => {};
    try {
      const following = this.#tasksAhead(task).map((next) => next.unit(settings.gpu));
      const computing = this.#executor.compute(task.unit(settings.gpu), { timeout, signal, following });
      // An executor that hangs must not block the shutdown.
      return await abortable(computing, signal, () => new JobError("cancelled", "the unit was cancelled"));
    } finally {
      cancelTimer();
    }
  }

  /**
   * The tasks that the executor may begin by itself, each as soon as the one before has its result: where nothing is to be
   * done first, such as to rest, or to wait until that result can be posted.
   * @param {Task} task
   */
  #tasksAhead(task) {
    const { mean } = this.#sizes.of(task.job);
    if (!this.#executor.withdraw || mean === undefined || this.#context.settings.throttle < 1) return [];
    if (this.shutdown.draining.aborted || !this.#uploader.hasRoomFor(task)) return [];
    const following = this.#workFetch.following(Math.min(MAX_AHEAD, Math.max(1, Math.floor(AHEAD_SECONDS / mean))));
    const end = following.findIndex((next) => next.needsExtension(mean));
    return end < 0 ? following : following.slice(0, end);
  }

  /**
   * Uploads a result while the next units are computed, since a round trip may take longer than a small unit.
   * @param {Task} task @param {Computed} computed
   */
  async #upload(task, computed) {
    while (!this.#uploader.hasRoomFor(task)) {
      this.#setState("waiting", task);
      await this.#frozenUntil(this.#uploader.posted());
    }
    this.#uploader.add(task, computed);
  }

  /** @param {Task} task */
  #recordFailure(task) {
    const { jobBackoff } = this.#context;
    // The others of its batch were begun before the pause.
    if (task.isBatched && jobBackoff.isFailing(task.job)) return;
    const seconds = jobBackoff.recordFailure(task.job);
    // A broken job must not keep this worker from the others.
    this.#workFetch.dropJob();
    if (seconds > 0) {
      this.#unitEnd.showError(task, "backoff", `failed several times in a row: paused for ${seconds} s`);
    } else {
      const failures = jobBackoff.failures(task.job);
      this.#failureDelay = jittered(exponential(POLICY.failureDelay, failures - 1, POLICY.maxDelay));
    }
  }

  /**
   * Records what a unit has used, at most its timeout.
   * @param {number} runTime for an executor that doesn't know what it uses
   * @param {number} timeout both in milliseconds
   */
  #accountUnit(runTime, timeout) {
    const { unitOverhead = 0 } = this.#context.executors;
    this.#account(Math.min(this.#executor.takeUsed?.() ?? runTime, timeout) + unitOverhead);
  }

  /** @param {number} [used] milliseconds of processor time; by default what the executor has used since the last call */
  #account(used = this.#executor.takeUsed?.() ?? 0) {
    const { requestOverhead = 0 } = this.#context.executors;
    const total = used + this.#requests * requestOverhead;
    this.#requests = 0;
    this.#dutyCycle.record(total, this.#context.clock.now());
    if (total > 0) this.#context.status.addUsed(total / 1000);
  }

  #countRequest() {
    this.#requests += 1;
  }

  /** Rests so that the worker uses only its share of the time. */
  async #rest() {
    while (!this.shutdown.draining.aborted) {
      this.#account();
      // Computed anew after each interruption, which may be a change of the throttle.
      const rest = this.#dutyCycle.owed(this.#context.settings.throttle);
      if (rest < MIN_REST || this.#executor.isAhead) return;
      this.#setState("resting");
      if (this.#workFetch.waiting === 0) this.#workFetch.schedulePrefetch(rest / 1000);
      await this.#idle(rest);
    }
  }

  /** @param {WorkerState} state @param {Task} [task] */
  #setState(state, task) {
    this.#context.status.setWorker(this.#number, state, task);
  }
}
