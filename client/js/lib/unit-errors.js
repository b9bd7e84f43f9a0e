// The errors of a unit by which executors end it. Apart from errors.js, which is older if the pool was upgraded between
// the start of a page and that of its volunteer.
import { JobError } from "./errors.js";

export const cancelled = () => new JobError("cancelled", "the unit was cancelled");

/** @param {number} milliseconds that it had */
export function overdue(milliseconds) {
  const limit = `no result within ${Math.round(milliseconds / 100) / 10} s, which its lease leaves`;
  return new JobError("timeout", `${limit}: it never ends, or needs a smaller variable or longer lease_seconds`);
}

/** The same error, of a unit that printed this. @param {JobError} error @param {string} console */
export const withConsole = ({ kind, message, stack }, console) => new JobError(kind, message, { stack, console });
