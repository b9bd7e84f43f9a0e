// Bringing a result to the pool: it is kept and posted again until the pool has answered.
import { PoolError, messageOf } from "./errors.js";
import { askedFor, isWorthTelling, mayPass } from "./failures.js";
import { Backoff } from "./pauses.js";
import { pause } from "./waiting.js";

/** @typedef {import("./crew.js").Crew} Crew */
/** @typedef {import("./halt.js").Halt} Halt */
/** @typedef {import("./platform.js").Computed} Computed */
/** @typedef {import("./task.js").Task} Task */
/** @typedef {"accepted" | "rejected" | "late" | "refused"} Outcome */

/** How the pool's refusal of a result is to be understood. @type {Record<number, Outcome>} */
const REFUSALS = { 409: "late", 422: "rejected" };

/**
 * Posts a result until the pool has answered.
 * @param {Crew} crew
 * @param {Halt} halt
 * @param {Task} task
 * @param {Computed} computed
 * @param {(message: string) => void} tell that the pool is away
 * @returns {Promise<{outcome: Outcome, reason?: string} | undefined>} undefined where it was given up
 */
export async function deliver(crew, halt, task, computed, tell) {
  const backoff = new Backoff();
  for (let errors = 0; ; ) {
    try {
      await task.post(computed, halt.last);
      task.end();
      return { outcome: "accepted" };
    } catch (ex) {
      if (ex instanceof PoolError && ex.status === 500) errors += 1;
      if (halt.last.aborted || (halt.ended.aborted && mayPass(ex, errors))) return giveUp(halt, task, ex, tell);
      if (!mayPass(ex, errors)) return refusal(task, ex);
      await waitFor(crew, halt, backoff, ex, tell);
    }
  }
}

/**
 * @param {Crew} crew
 * @param {Halt} halt
 * @param {Backoff} backoff
 * @param {unknown} ex
 * @param {(message: string) => void} tell
 */
async function waitFor(crew, halt, backoff, ex, tell) {
  const seconds = backoff.next(askedFor(ex));
  if (isWorthTelling(backoff.failures, seconds)) tell(`the result is kept: ${messageOf(ex)}`);
  await pause(crew.clock, seconds * 1000, halt.ended);
}

/** @param {Halt} halt @param {Task} task @param {unknown} ex @param {(message: string) => void} tell */
async function giveUp(halt, task, ex, tell) {
  await task.giveBack(halt.last);
  tell(`the result could not be posted: ${messageOf(ex)}`);
  return undefined;
}

/** @param {Task} task @param {unknown} ex */
function refusal(task, ex) {
  task.end();
  const outcome = (ex instanceof PoolError && REFUSALS[ex.status]) || "refused";
  return { outcome, reason: ex instanceof PoolError ? ex.detail || ex.title : messageOf(ex) };
}
