// Uploads a result, with retries until the pool accepts or refuses it.
import { Backoff } from "./backoff.js";
import { ForeignResponse, isLimit, isRejection, PoolError, messageOf } from "./errors.js";
import { eventKind, isLost, isServerError, isTemporary, POLICY, retryAfterOf } from "./retry-policy.js";
import { delay } from "./timers.js";

/** @typedef {import("./platform.js").Computed} Computed */
/** @typedef {import("./shutdown.js").Shutdown} Shutdown */
/** @typedef {import("./task.js").Task} Task */
/** @typedef {import("./worker-context.js").WorkerContext} WorkerContext */
/** @typedef {"accepted" | "rejected" | "late" | "refused"} Outcome */
/** @typedef {{outcome: Outcome, reason?: string, error?: unknown}} Uploaded `error`: why it was not accepted */
/** @typedef {(kind: string, message: string) => void} OnError */

/**
 * Retries temporary failures for a day, since a result may have taken hours; a shutdown ends that.
 * @param {WorkerContext} context
 * @param {Shutdown} shutdown
 * @param {Task} task
 * @param {Computed} computed
 * @param {OnError} onerror called when the pool can't be reached, or defers the result
 * @returns {Promise<Uploaded | undefined>} undefined when the upload was abandoned
 */
export async function upload(context, shutdown, task, computed, onerror) {
  const backoff = new Backoff();
  const expires = context.clock.now() + POLICY.maxResultAge * 1000;
  for (let serverErrors = 0; ; ) {
    try {
      await task.post(computed, shutdown.expired);
      task.complete();
      return { outcome: "accepted" };
    } catch (ex) {
      if (isServerError(ex)) serverErrors += 1;
      const isRetryable = isTemporary(ex, serverErrors);
      if (shutdown.expired.aborted || (shutdown.cancelled.aborted && isRetryable)) {
        return abandon(shutdown, task, ex, onerror);
      }
      if (!isRetryable) return refusal(task, ex);
      if (context.clock.now() >= expires) {
        return abandon(shutdown, task, ex, onerror, ` for ${POLICY.maxResultAge} s`);
      }
      await waitToRetry(context, shutdown, backoff, ex, onerror);
    }
  }
}

/**
 * @param {WorkerContext} context
 * @param {Shutdown} shutdown
 * @param {Backoff} backoff
 * @param {unknown} ex
 * @param {OnError} onerror
 */
async function waitToRetry(context, shutdown, backoff, ex, onerror) {
  const seconds = backoff.next(retryAfterOf(ex));
  const kind = eventKind(ex, backoff.failures, seconds);
  if (kind) onerror(kind, `the result is kept: ${messageOf(ex)}`);
  await delay(context.clock, seconds * 1000, shutdown.cancelled);
}

/**
 * @param {Shutdown} shutdown @param {Task} task @param {unknown} ex @param {OnError} onerror
 * @param {string} [since] how long it has been tried
 */
async function abandon(shutdown, task, ex, onerror, since = "") {
  const remark = (await task.giveBack(shutdown.expired)) ? "" : " (and could not be given back)";
  onerror(abandonedBecause(ex), `the result could not be posted${since}: ${messageOf(ex)}${remark}`);
  return undefined;
}

/** The kind of the event. @param {unknown} ex */
function abandonedBecause(ex) {
  if (isLimit(ex)) return "limit";
  return ex instanceof ForeignResponse ? "foreign" : "offline";
}

/** The lease of a result that the pool has not judged goes on. @param {Task} task @param {unknown} ex */
function refusal(task, ex) {
  const outcome = outcomeOf(ex);
  if (outcome !== "refused" || isLost(ex)) task.complete();
  return { outcome, reason: ex instanceof PoolError ? ex.detail || ex.title : messageOf(ex), error: ex };
}

/** @param {unknown} ex @returns {Outcome} */
function outcomeOf(ex) {
  if (ex instanceof PoolError && ex.status === 409) return "late";
  return isRejection(ex) ? "rejected" : "refused";
}
