// Which failures are temporary, and which of them are reported.
import { PoolError, Unreachable } from "./errors.js";

/** Worth a retry; 502 and 504 come from a proxy in front of a pool that is down, 507 from a full disk. */
const TEMPORARY = [429, 502, 503, 504, 507];
/** A 500 may be temporary, or caused by this very request: it is retried a limited number of times. */
const MAX_SERVER_ERRORS = 5;

/** @param {unknown} ex @param {number} serverErrors how many 500s came in a row */
export const isTemporary = (ex, serverErrors = 0) =>
  ex instanceof Unreachable ||
  (ex instanceof PoolError &&
    (TEMPORARY.includes(ex.status) || (ex.status === 500 && serverErrors < MAX_SERVER_ERRORS)));

/** Whether the resource does not exist, or no longer. @param {unknown} ex */
export const isGone = (ex) => ex instanceof PoolError && (ex.status === 404 || ex.status === 410);

/** Whether the lease has expired or belongs to somebody else. @param {unknown} ex */
export const isLost = (ex) => isGone(ex) || (ex instanceof PoolError && ex.status === 409);

/** In seconds, or null. @param {unknown} ex */
export const retryAfterOf = (ex) => (ex instanceof PoolError ? ex.retryAfter : null);

/**
 * Whether to report a temporary failure: a single short one would only alarm.
 * @param {number} failures in a row
 * @param {number} delay before the next attempt, in seconds
 */
export const shouldReport = (failures, delay) => failures > 1 || delay > 2;
