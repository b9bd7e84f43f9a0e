// Errors of a client, of its pool, and of the code of a job.

/** The problem type of a pool that no longer understands a client. */
const OUTDATED = "urn:comp-pool:outdated";

/** The pool's response is an error; the members are those of its problem document (RFC 9457). */
export class PoolError extends Error {
  name = "PoolError";

  /**
   * @param {number} status
   * @param {string} title
   * @param {string} [detail]
   * @param {{type?: string, retryAfter?: number | null}} [more] `retryAfter` in seconds
   */
  constructor(status, title, detail = "", { type = "about:blank", retryAfter = null } = {}) {
    super(`${status} ${title}${detail && `: ${detail}`}`);
    this.status = status;
    this.title = title;
    this.detail = detail;
    this.type = type;
    this.retryAfter = retryAfter;
  }

  /**
   * Reads a problem document; tolerates any other value.
   * @param {number} status
   * @param {unknown} problem
   * @param {number | null} retryAfter in seconds
   */
  static of(status, problem, retryAfter) {
    const fields = /** @type {Record<string, unknown>} */ (Object(problem));
    const title = stringOrEmpty(fields.title) || "the pool's response is an error";
    const type = stringOrEmpty(fields.type) || "about:blank";
    if (type === OUTDATED) return new Outdated(stringOrEmpty(fields.detail));
    return new PoolError(status, title, stringOrEmpty(fields.detail), { type, retryAfter });
  }
}

/** The pool no longer understands this client; `detail` names the remedy. */
export class Outdated extends PoolError {
  name = "Outdated";

  /** @param {string} detail */
  constructor(detail) {
    super(400, "this client is outdated", detail, { type: OUTDATED });
    this.message = `${this.title}: ${detail}`;
  }
}

/** The pool could not be reached after all retries; `cause` is the last failure. */
export class Unreachable extends Error {
  name = "Unreachable";
}

/** A document lacks a link, or its address is invalid. */
export class MissingLink extends Error {
  name = "MissingLink";

  /** @param {string} link @param {string} address of the document */
  constructor(link, address) {
    super(`${address} has no link "${link}"`);
    this.link = link;
    this.address = address;
  }
}

/** A link to another origin: following it would send credentials and results there. */
export class ForeignLink extends Error {
  name = "ForeignLink";

  /** @param {string} address */
  constructor(address) {
    super(`not an address of this pool: ${address.slice(0, 200)}`);
    this.address = address;
  }
}

/**
 * A unit failed. `kind` is `code` (not a function), `threw`, `no-result`, `not-json`, `too-large`, `timeout`, `memory`,
 * `crash`, `misbehaved` (a protocol violation), `cancelled`, `sandbox` (the whole sandbox was lost) or `outdated` (the
 * pool's sandbox frame is of another version than this page).
 */
export class JobError extends Error {
  name = "JobError";

  /** @param {string} kind @param {string} message */
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

/** Whether the client, or the page of which it is a part, is too old for the pool. @param {unknown} ex */
export const isOutdated = (ex) => ex instanceof Outdated || (ex instanceof JobError && ex.kind === "outdated");

/** @param {unknown} value */
const stringOrEmpty = (value) => (typeof value === "string" ? value : "");

/**
 * The message of anything thrown.
 * @param {unknown} error
 */
export const messageOf = (error) => (error instanceof Error ? error.message : String(error));
