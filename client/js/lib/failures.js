// How what went wrong with the pool is to be understood.
import { PoolError, Unreachable } from "./errors.js";

/** With these it is worth asking again; 502 and 504 come from a proxy whose pool is away. */
const TEMPORARY = [429, 502, 503, 504, 507];
/** An error inside the pool may pass, or may be about this very request. */
const ATTEMPTS_AT_ERRORS = 5;

/** @param {unknown} ex @param {number} errors how often in a row the pool has failed by itself */
export const mayPass = (ex, errors = 0) =>
  ex instanceof Unreachable ||
  (ex instanceof PoolError && (TEMPORARY.includes(ex.status) || (ex.status === 500 && errors < ATTEMPTS_AT_ERRORS)));

/** Whether the pool says that what was asked for is not there, or no longer. @param {unknown} ex */
export const isGone = (ex) => ex instanceof PoolError && (ex.status === 404 || ex.status === 410);

/** Whether a lease is no longer this volunteer's. @param {unknown} ex */
export const isLost = (ex) => isGone(ex) || (ex instanceof PoolError && ex.status === 409);

/** @param {unknown} ex */
export const askedFor = (ex) => (ex instanceof PoolError ? ex.retryAfter : null);

/**
 * One failure that is soon over is not worth telling.
 * @param {number} failures in a row
 * @param {number} wait in seconds
 */
export const isWorthTelling = (failures, wait) => failures > 1 || wait > 2;
