// Uploads a result, with retries until the pool accepts or refuses it.
import { Backoff } from "./backoff.js";
import { PoolError, messageOf } from "./errors.js";
import { isTemporary, retryAfterOf, shouldReport } from "./retry-policy.js";
import { delay } from "./timers.js";

/** @typedef {import("./platform.js").Computed} Computed */
/** @typedef {import("./shutdown.js").Shutdown} Shutdown */
/** @typedef {import("./task.js").Task} Task */
/** @typedef {import("./worker-context.js").WorkerContext} WorkerContext */
/** @typedef {"accepted" | "rejected" | "late" | "refused"} Outcome */
/** @typedef {(message: string) => void} ReportOffline */

/** @type {Record<number, Outcome>} */
const OUTCOMES = { 409: "late", 422: "rejected" };

/**
 * Retries temporary failures without end, since a result may have taken hours; a shutdown ends that.
 * @param {WorkerContext} context
 * @param {Shutdown} shutdown
 * @param {Task} task
 * @param {Computed} computed
 * @param {ReportOffline} reportOffline called when the pool can't be reached
 * @returns {Promise<{outcome: Outcome, reason?: string} | undefined>} undefined when the upload was abandoned
 */
export async function upload(context, shutdown, task, computed, reportOffline) {
  const backoff = new Backoff();
  for (let serverErrors = 0; ; ) {
    try {
      await task.post(computed, shutdown.expired);
      task.complete();
      return { outcome: "accepted" };
    } catch (ex) {
      if (ex instanceof PoolError && ex.status === 500) serverErrors += 1;
      const isRetryable = isTemporary(ex, serverErrors);
      if (shutdown.expired.aborted || (shutdown.cancelled.aborted && isRetryable)) {
        return abandon(shutdown, task, ex, reportOffline);
      }
      if (!isRetryable) return refusal(task, ex);
      await waitToRetry(context, shutdown, backoff, ex, reportOffline);
    }
  }
}

/**
 * @param {WorkerContext} context
 * @param {Shutdown} shutdown
 * @param {Backoff} backoff
 * @param {unknown} ex
 * @param {ReportOffline} reportOffline
 */
async function waitToRetry(context, shutdown, backoff, ex, reportOffline) {
  const seconds = backoff.next(retryAfterOf(ex));
  if (shouldReport(backoff.failures, seconds)) reportOffline(`the result is kept: ${messageOf(ex)}`);
  await delay(context.clock, seconds * 1000, shutdown.cancelled);
}

/** @param {Shutdown} shutdown @param {Task} task @param {unknown} ex @param {ReportOffline} reportOffline */
async function abandon(shutdown, task, ex, reportOffline) {
  await task.giveBack(shutdown.expired);
  reportOffline(`the result could not be posted: ${messageOf(ex)}`);
  return undefined;
}

/** @param {Task} task @param {unknown} ex */
function refusal(task, ex) {
  task.complete();
  const outcome = (ex instanceof PoolError && OUTCOMES[ex.status]) || "refused";
  return { outcome, reason: ex instanceof PoolError ? ex.detail || ex.title : messageOf(ex) };
}
