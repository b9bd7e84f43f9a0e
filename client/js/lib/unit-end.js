// How the units of one worker end: with a result, a failure, or given back. Each is an event and counted once.
import { exclusionOf, JobError, messageOf } from "./errors.js";
import { consoleReport, failureReport, isFaultOfJob, postReport } from "./report.js";
import { isLost, isTemporary, POLICY, refusalKind } from "./retry-policy.js";

/** @typedef {import("./platform.js").Computed} Computed */
/** @typedef {import("./shutdown.js").Shutdown} Shutdown */
/** @typedef {import("./task.js").Task} Task */
/** @typedef {import("./upload.js").Item} Item */
/** @typedef {import("./upload.js").Uploaded} Uploaded */
/** @typedef {import("./worker-context.js").WorkerContext} WorkerContext */

export class UnitEnd {
  #number;
  #context;
  #shutdown;
  #recordFailure;

  /**
   * @param {number} number of the worker
   * @param {WorkerContext} context
   * @param {Shutdown} shutdown
   * @param {(task: Task) => void} recordFailure called with each unit that counts as a failure of its job
   */
  constructor(number, context, shutdown, recordFailure) {
    this.#number = number;
    this.#context = context;
    this.#shutdown = shutdown;
    this.#recordFailure = recordFailure;
  }

  /** Reports an error that ends no unit. @param {Task} task @param {string} kind @param {string} message */
  showError(task, kind, message) {
    this.#context.status.addError({ ...this.#fields(task), kind, message });
  }

  /** @param {Item} item @param {Uploaded | undefined} uploaded undefined when the upload was abandoned */
  async endUpload({ task, computed }, uploaded) {
    const { jobBackoff, status } = this.#context;
    if (!uploaded) {
      status.addReturnedUnit();
      return;
    }
    const { error, ...posted } = uploaded;
    if (posted.outcome === "accepted") jobBackoff.recordSuccess(task.job);
    if (posted.outcome === "refused") posted.reason += await this.#endRefused(task, computed, posted.reason, error);
    status.addPostedUnit({ ...this.#fields(task), seconds: computed.seconds, ...posted });
    if (posted.outcome === "rejected" || posted.outcome === "refused") this.#recordFailure(task);
    if (posted.outcome !== "refused") await this.#reportConsole(task, computed);
  }

  /** @param {Task} task @param {unknown} ex why its computation failed @param {number} seconds of its computation */
  async fail(task, ex, seconds) {
    const { status } = this.#context;
    const error = ex instanceof JobError ? ex : new JobError("crash", messageOf(ex));
    const isReported = error === ex && isFaultOfJob(error) && task.takesReports;
    const remark = await (isReported ? this.#reportFailure(task, error, seconds) : this.#giveBack(task));
    if (exclusionOf(ex)) {
      status.addReturnedUnit();
      throw ex;
    }
    if (error.kind === "cancelled" && this.#shutdown.cancelled.aborted) {
      status.addReturnedUnit();
      return;
    }
    status.addFailedUnit({ ...this.#fields(task), kind: error.kind, message: error.message + remark });
    this.#recordFailure(task);
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
    await postReport(clock, this.#shutdown, task, consoleReport(console, executors.engine, seconds)).catch(() => {});
  }

  /**
   * Ends the lease of a failed unit by a report. If the pool can't take that now, the lease expires.
   * @param {Task} task @param {JobError} error @param {number} seconds
   * @returns {Promise<string>} a remark if that failed
   */
  async #reportFailure(task, error, seconds) {
    const { clock, executors } = this.#context;
    try {
      await postReport(clock, this.#shutdown, task, failureReport(error, executors.engine, seconds));
    } catch (ex) {
      if (!isTemporary(ex, POLICY.maxServerErrors) && !isLost(ex)) await task.giveBack(this.#shutdown.expired);
      if (!isLost(ex)) return ` (and could not be reported: ${messageOf(ex)})`;
    } finally {
      task.complete();
    }
    return "";
  }

  /** @param {Task} task @returns {Promise<string>} a remark if that failed */
  async #giveBack(task) {
    return (await task.giveBack(this.#shutdown.expired)) ? "" : " (and could not be given back)";
  }

  /** @param {Task} task */
  #fields({ job, jobName, variable }) {
    return { worker: this.#number, job, jobName, variable };
  }
}
