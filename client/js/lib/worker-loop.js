// The loop of one worker: fetch a task, compute it, upload its result; until its shutdown.
import { Backoff, exponential, jittered } from "./backoff.js";
import { DutyCycle } from "./duty-cycle.js";
import { exclusionOf, JobError, messageOf } from "./errors.js";
import { consoleReport, failureReport, isFaultOfJob, postReport } from "./report.js";
import { eventKind, isLost, isTemporary, POLICY, refusalKind, retryAfterOf } from "./retry-policy.js";
import { Shutdown } from "./shutdown.js";
import { Task } from "./task.js";
import { abortable, delay } from "./timers.js";
import { upload } from "./upload.js";
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

export class WorkerLoop {
  #number;
  #context;
  #executor;
  #workFetch;
  #outages = new Backoff();
  #uploading = Promise.resolve();
  #isUploading = false;
  #failureDelay = 0;
  #idleSince = 0;
  #dutyCycle;

  /** @param {number} number @param {WorkerContext} context */
  constructor(number, context) {
    this.#number = number;
    this.#context = context;
    this.shutdown = new Shutdown(context.clock);
    this.#workFetch = new WorkFetch(context, this.shutdown);
    this.#executor = context.executors.create();
    this.#dutyCycle = new DutyCycle(context.clock.now());
  }

  /** Resolves after the shutdown, when no lease and no executor is left. Rejects if the pool excludes this client. */
  async run() {
    try {
      while (!this.shutdown.draining.aborted) await this.#processNext().catch((ex) => this.#handleOutage(ex));
    } finally {
      await Promise.allSettled([this.#workFetch.clear(), this.#uploading]);
      this.#executor.close();
      this.shutdown.dispose();
      this.#setState("idle");
    }
  }

  /** Chooses a job anew and gives a prefetched task back, since the settings have changed. */
  async rechooseJob() {
    this.#workFetch.dropJob();
    await this.#workFetch.clear();
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
   * thawing takes some milliseconds.
   * @template Value
   * @param {Promise<Value>} waiting
   */
  async #frozenUntil(waiting) {
    if (!this.#executor.freeze || this.#context.settings.throttle === 1) return waiting;
    const settled = new AbortController();
    const settle = () => settled.abort();
    waiting.then(settle, settle);
    for (let slice = FIRST_FREEZE; !settled.signal.aborted; slice = Math.min(2 * slice, MAX_FREEZE)) {
      this.#executor.freeze(slice);
      await delay(this.#context.clock, slice, settled.signal);
    }
    return waiting;
  }

  /**
   * Extends the lease if too little of it remains, as of a task that was prefetched long ago. False if it is lost.
   * @param {Task} task
   */
  async #ensureTime(task) {
    if (!task.needsExtension(this.#context.runTimes.get(task.job))) return true;
    try {
      await task.extend(this.shutdown.expired);
    } catch (ex) {
      // A lost lease costs nothing: nothing has been computed under it.
      if (!isLost(ex) && !this.shutdown.expired.aborted) {
        this.#context.status.addError({ ...this.#eventFields(task), kind: "not-extended", message: messageOf(ex) });
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
    if (computed) await this.#startUpload(task, computed);
    await this.#rest();
  }

  /** @param {string} job */
  #schedulePrefetch(job) {
    const runTime = this.#context.runTimes.get(job);
    // Without a known run time the time of the prefetch can't be computed.
    if (runTime !== undefined) this.#workFetch.schedulePrefetch(runTime / this.#context.settings.throttle);
  }

  /** Undefined if the unit failed; the failure has been handled then. @param {Task} task @param {number} timeout */
  async #compute(task, timeout) {
    const { clock, runTimes, settings } = this.#context;
    const [began, signal] = [clock.now(), this.shutdown.cancelled];
    try {
      const computing = this.#executor.compute(task.unit(settings.gpu), { timeout, signal });
      // An executor that hangs must not block the shutdown.
      const computed = await abortable(computing, signal, () => new JobError("cancelled", "the unit was cancelled"));
      runTimes.add(task.job, computed.seconds);
      return computed;
    } catch (ex) {
      await this.#frozenUntil(this.#handleFailure(task, ex, Math.min(clock.now() - began, timeout) / 1000));
      return undefined;
    }
  }

  /**
   * Uploads a result while the next unit is computed, since a round trip may take longer than a small unit. One upload
   * at a time: otherwise results would pile up here while the pool is slow.
   * @param {Task} task @param {Computed} computed
   */
  async #startUpload(task, computed) {
    if (this.#isUploading) {
      this.#setState("waiting", task);
      await this.#frozenUntil(this.#uploading);
    }
    this.#isUploading = true;
    this.#uploading = this.#upload(task, computed).finally(() => {
      this.#isUploading = false;
    });
  }

  /** @param {Task} task @param {Computed} computed */
  async #upload(task, computed) {
    const { jobBackoff, status } = this.#context;
    const onerror = (/** @type {string} */ kind, /** @type {string} */ message) =>
      status.addError({ ...this.#eventFields(task), kind, message });
    const uploaded = await upload(this.#context, this.shutdown, task, computed, onerror);
    if (!uploaded) {
      status.addReturnedUnit();
      return;
    }
    const { error, ...posted } = uploaded;
    if (posted.outcome === "accepted") jobBackoff.recordSuccess(task.job);
    if (posted.outcome === "refused") posted.reason += await this.#endRefused(task, computed, posted.reason, error);
    status.addPostedUnit({ ...this.#eventFields(task), seconds: computed.seconds, ...posted });
    if (posted.outcome === "rejected" || posted.outcome === "refused") this.#recordFailure(task);
    if (posted.outcome !== "refused") await this.#reportConsole(task, computed);
  }

  /**
   * Ends the lease of a result that the pool did not take: by a report, if it is the job's fault.
   * @param {Task} task
   * @param {Computed} computed
   * @param {string} [reason]
   * @param {unknown} [ex]
   * @returns {Promise<string>} a remark if that failed
   */
  #endRefused(task, { console, seconds }, reason, ex) {
    const kind = refusalKind(ex);
    if (!kind || !task.takesReports) return this.#giveBack(task);
    const error = new JobError(kind, `the pool refused the result: ${reason}`, { console });
    return this.#reportFailure(task, error, seconds);
  }

  /** Its errors are ignored, since no work depends on it. @param {Task} task @param {Computed} computed */
  async #reportConsole(task, { console, seconds }) {
    const { clock, executors } = this.#context;
    if (!console || !task.takesReports || !this.#context.claimConsoleReport(task.job)) return;
    await postReport(clock, this.shutdown, task, consoleReport(console, executors.engine, seconds)).catch(() => {});
  }

  /** @param {Task} task @param {unknown} ex @param {number} seconds of its computation */
  async #handleFailure(task, ex, seconds) {
    const { status } = this.#context;
    const error = ex instanceof JobError ? ex : new JobError("crash", messageOf(ex));
    const isReported = error === ex && isFaultOfJob(error) && task.takesReports;
    const remark = await (isReported ? this.#reportFailure(task, error, seconds) : this.#giveBack(task));
    if (exclusionOf(ex)) {
      status.addReturnedUnit();
      throw ex;
    }
    if (error.kind === "cancelled" && this.shutdown.cancelled.aborted) {
      status.addReturnedUnit();
      return;
    }
    status.addFailedUnit({ ...this.#eventFields(task), kind: error.kind, message: error.message + remark });
    this.#recordFailure(task);
  }

  /**
   * Ends the lease of a failed unit by a report. If the pool can't take that now, the lease expires.
   * @param {Task} task @param {JobError} error @param {number} seconds
   * @returns {Promise<string>} a remark if that failed
   */
  async #reportFailure(task, error, seconds) {
    const { clock, executors } = this.#context;
    try {
      await postReport(clock, this.shutdown, task, failureReport(error, executors.engine, seconds));
    } catch (ex) {
      if (!isTemporary(ex, POLICY.maxServerErrors) && !isLost(ex)) await task.giveBack(this.shutdown.expired);
      if (!isLost(ex)) return ` (and could not be reported: ${messageOf(ex)})`;
    } finally {
      task.complete();
    }
    return "";
  }

  /** @param {Task} task @returns {Promise<string>} a remark if that failed */
  async #giveBack(task) {
    return (await task.giveBack(this.shutdown.expired)) ? "" : " (and could not be given back)";
  }

  /** @param {Task} task */
  #recordFailure(task) {
    const { jobBackoff, status } = this.#context;
    const seconds = jobBackoff.recordFailure(task.job);
    // A broken job must not keep this worker from the others.
    this.#workFetch.dropJob();
    if (seconds > 0) {
      const message = `failed several times in a row: paused for ${seconds} s`;
      status.addError({ ...this.#eventFields(task), kind: "backoff", message });
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
    this.#dutyCycle.record(used, this.#context.clock.now());
    if (used > 0) this.#context.status.addUsed(used / 1000);
  }

  /** Rests so that the worker uses only its share of the time. */
  async #rest() {
    while (!this.shutdown.draining.aborted) {
      this.#account();
      // Computed anew after each interruption, which may be a change of the throttle.
      const rest = this.#dutyCycle.owed(this.#context.settings.throttle);
      if (rest < MIN_REST) return;
      this.#setState("resting");
      this.#workFetch.schedulePrefetch(rest / 1000);
      await this.#idle(rest);
    }
  }

  /** @param {Task} task */
  #eventFields({ job, jobName, variable }) {
    return { worker: this.#number, job, jobName, variable };
  }

  /** @param {WorkerState} state @param {Task} [task] */
  #setState(state, task) {
    this.#context.status.setWorker(this.#number, state, task);
  }
}
