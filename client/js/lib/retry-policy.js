// The retry policy: all figures, the statuses that are retried, and which failures are reported. The Python client has
// the same table (`retry_policy.py`); a test compares the two.
import { BadCertificate, ForeignResponse, isLimit, isRejection, PoolError, Unreachable } from "./errors.js";

/** Times are in seconds. */
export const POLICY = Object.freeze({
  /** A call of the client. Its caller waits: attempts and delays are few, and a full disk (507) takes longer. */
  callAttempts: 5,
  callStatuses: Object.freeze([429, 502, 503, 504]),
  /** The longest delay after the first attempt; doubled each time. */
  callFirstDelay: 0.5,
  /** The longest wait between two attempts; an error with a longer Retry-After is thrown at once. */
  callMaxDelay: 60,

  /**
   * The loops of a volunteer, which retry without a limit on attempts. 502 and 504 come from a proxy in front of a pool
   * that is down, 507 from a full disk.
   */
  temporaryStatuses: Object.freeze([429, 502, 503, 504, 507]),
  /** A 500 may be temporary, or caused by this very result: an upload fails with this many of them. */
  maxServerErrors: 5,
  /** A result that could not be posted for so long is dropped: its variable has other volunteers by then. */
  maxResultAge: 86_400,
  goneStatuses: Object.freeze([404, 410]),
  lostStatuses: Object.freeze([404, 409, 410]),
  /** The delay after the first failure in a row; doubled each time, up to `maxDelay`. */
  firstDelay: 0.5,
  minDelay: 0.1,
  maxDelay: 60,
  /** Without work, where the pool sets no Retry-After. */
  defaultDelay: 5,
  /** The longest Retry-After that is honoured. */
  maxRetryAfter: 3600,
  /** A delay varies by this share to both sides; one with Retry-After is longer by up to this share. */
  jitter: 0.2,
  /**
   * A temporary failure is reported from this many in a row on, or where the delay is longer than `reportedDelay`: a
   * single short one would only alarm.
   */
  reportedFailures: 2,
  reportedDelay: 2,
  /** A wait because of a limit of the pool is no failure. It is told where it is longer than this. */
  reportedLimit: 30,

  /** A job is paused after so many failures in a row: a few may be due to single variables. */
  maxJobFailures: 3,
  /** The delay of a worker after the first failure of a job, doubled each time, until the job is paused. */
  failureDelay: 0.5,
  /** The first pause of a job that keeps failing; doubled with each further failure, up to `maxJobPause`. */
  firstJobPause: 30,
  maxJobPause: 3600,
  /** The pause of a named job that does not exist, and of one whose requirements are not met. */
  unavailableJobPause: 60,

  /** Requests to the scheduler in a row: it may choose at random, and the next job may not be paused. */
  maxScheduled: 3,
  /** The longest wait where the scheduler offers a job that keeps failing: it may have another one soon. */
  failingJobDelay: 5,
  /** How long a worker keeps its job: a change of job loses the context in its executor. */
  jobAffinity: 30,
  /** An idle executor is kept for its context, but not for long: it occupies memory, and its job may go on computing. */
  executorIdle: 5,
  /** Between two reports of what the units of a job print: most print the same. */
  reportInterval: 60,

  /** The most units that are leased, or results that are posted, by one request. */
  maxBatch: 256,
  /**
   * The run time of the units of one batch, by their mean so far; doubled with each `batchGrowth` of the visit, up to
   * `maxBatchSeconds`: most visitors leave soon.
   */
  batchSeconds: 3,
  batchGrowth: 60,
  maxBatchSeconds: 12,
  /** It is no larger share of a lease, since units may take longer than their mean. */
  batchLeaseShare: 0.25,
  /** The variables of a batch are no larger together, by those of the last one. */
  maxVariableBytes: 4_000_000,
  /** The run time of the units left from which on the next batch is leased. */
  fetchAhead: 2,
  /**
   * Results are posted when those of a batch are complete, when the oldest has waited for so long, or when they are
   * larger than `batchBytes`: many proxies refuse bodies beyond a megabyte.
   */
  postDelay: 3,
  batchBytes: 500_000,
});

/** The kinds of failure of results that a pool refuses without a judgement. @type {Record<number, string>} */
const REFUSAL_KINDS = { 400: "not-json", 413: "too-large", 422: "not-json" };

/** Whether a call of the client is retried after this error. @param {unknown} ex */
export const isRetryable = (ex) => isOutage(ex) || hasStatus(ex, POLICY.callStatuses);

/**
 * Whether a volunteer retries after this error.
 * @param {unknown} ex
 * @param {number} serverErrors how many 500s the same upload has had
 */
export const isTemporary = (ex, serverErrors = 0) =>
  ex instanceof BadCertificate || ex instanceof ForeignResponse || isUnavailable(ex, serverErrors);

/**
 * Whether the pool is down, as far as the error shows: an address that is no pool's is another matter.
 * @param {unknown} ex
 * @param {number} serverErrors how many 500s the same upload has had
 */
export const isUnavailable = (ex, serverErrors = 0) =>
  isOutage(ex) ||
  hasStatus(ex, POLICY.temporaryStatuses) ||
  (hasStatus(ex, [500]) && serverErrors < POLICY.maxServerErrors);

/** Whether the pool itself failed at this request. @param {unknown} ex */
export const isServerError = (ex) => isAnswered(ex, [500]);

/** Whether the resource does not exist, or no longer. @param {unknown} ex */
export const isGone = (ex) => isAnswered(ex, POLICY.goneStatuses);

/** Whether the lease has expired or belongs to somebody else. @param {unknown} ex */
export const isLost = (ex) => isAnswered(ex, POLICY.lostStatuses);

/**
 * The kind of failure of a result that the pool refuses for its form; undefined for any other error.
 * @param {unknown} ex
 */
export function refusalKind(ex) {
  if (!(ex instanceof PoolError) || ex instanceof ForeignResponse || isRejection(ex)) return undefined;
  return REFUSAL_KINDS[ex.status];
}

/** In seconds, or null. @param {unknown} ex */
export const retryAfterOf = (ex) => (ex instanceof PoolError ? ex.retryAfter : null);

/**
 * Whether to report a temporary failure.
 * @param {number} failures in a row
 * @param {number} delay before the next attempt, in seconds
 */
export const shouldReport = (failures, delay) => failures >= POLICY.reportedFailures || delay > POLICY.reportedDelay;

/**
 * The kind of the event that tells of a failed request, or of the wait for a limit; undefined if none does.
 * @param {unknown} ex
 * @param {number} failures in a row
 * @param {number} delay before the next attempt, in seconds
 */
export function eventKind(ex, failures, delay) {
  if (isLimit(ex)) return delay > POLICY.reportedLimit ? "limit" : undefined;
  if (!isTemporary(ex)) return "pool";
  const kind = ex instanceof ForeignResponse ? "foreign" : "offline";
  return shouldReport(failures, delay) ? kind : undefined;
}

/** @param {unknown} ex */
const isOutage = (ex) => ex instanceof Unreachable && !(ex instanceof BadCertificate);

/** Whether the pool itself has responded with one of these. @param {unknown} ex @param {readonly number[]} statuses */
const isAnswered = (ex, statuses) => hasStatus(ex, statuses) && !(ex instanceof ForeignResponse);

/** @param {unknown} ex @param {readonly number[]} statuses */
const hasStatus = (ex, statuses) => ex instanceof PoolError && statuses.includes(ex.status);
