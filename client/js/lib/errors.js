// Errors of a client, of its pool, and of the code of a job.

/**
 * Problem types: the pool no longer understands a client, its operator has blocked it, it has reached a limit, the
 * validator has rejected its result. The last is that of a problem without a type.
 */
const OUTDATED = "urn:comp-pool:outdated";
const BLOCKED = "urn:comp-pool:blocked";
const LIMIT = "urn:comp-pool:limit";
const REJECTED = "urn:comp-pool:rejected";
const UNTYPED = "about:blank";

/** The pool's response is an error; the members are those of its problem document (RFC 9457). */
export class PoolError extends Error {
  name = "PoolError";

  /**
   * @param {number} status
   * @param {string} title
   * @param {string} [detail]
   * @param {{type?: string, retryAfter?: number | null, field?: string}} [more] `retryAfter` in seconds; the path of the
   *   `field` at fault
   */
  constructor(status, title, detail = "", { type = UNTYPED, retryAfter = null, field = "" } = {}) {
    super(`${status} ${title}${detail && `: ${detail}`}`);
    this.status = status;
    this.title = title;
    this.detail = detail;
    this.type = type;
    this.retryAfter = retryAfter;
    this.field = field;
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
    const type = stringOrEmpty(fields.type) || UNTYPED;
    if (type === OUTDATED) return new Outdated(stringOrEmpty(fields.detail));
    if (type === BLOCKED) return new Blocked(stringOrEmpty(fields.detail));
    return new PoolError(status, title, stringOrEmpty(fields.detail), {
      type,
      retryAfter,
      field: stringOrEmpty(fields.field),
    });
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

/** The pool's operator has blocked this client; `detail`, also the message, is the reason. */
export class Blocked extends PoolError {
  name = "Blocked";

  /** @param {string} detail */
  constructor(detail) {
    super(403, "blocked by the pool's operator", detail, { type: BLOCKED });
    this.message = detail || this.title;
  }
}

/** The response is not the pool's, but of a proxy or a captive portal, or cut short: the request may have failed. */
export class ForeignResponse extends PoolError {
  name = "ForeignResponse";

  /** @param {number} status @param {string} reason @param {number | null} [retryAfter] in seconds */
  constructor(status, reason, retryAfter = null) {
    super(status, "not a response of the pool", reason, { retryAfter });
  }
}

/** The pool could not be reached after all retries; `cause` is the last failure. */
export class Unreachable extends Error {
  name = "Unreachable";
}

/** The server at the pool's address has not proved to be the pool. Browsers don't tell, and throw Unreachable. */
export class BadCertificate extends Unreachable {
  name = "BadCertificate";
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

/** A link to another origin: following it would send credentials and results there, or frame a page of that origin. */
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
 * pool's sandbox frame is of another version than this page). `stack` is that of the job's own error, else empty;
 * `console` is what the unit printed.
 */
export class JobError extends Error {
  name = "JobError";

  /** @param {string} kind @param {string} message @param {{stack?: string, console?: string}} [details] */
  constructor(kind, message, { stack = "", console = "" } = {}) {
    super(message);
    this.kind = kind;
    this.stack = stack;
    this.console = console;
  }
}

/**
 * Why the pool will refuse all that this client requests, if so. The page may be outdated without the client.
 * @param {unknown} ex
 * @returns {"outdated" | "blocked" | undefined}
 */
export function exclusionOf(ex) {
  if (ex instanceof Blocked) return "blocked";
  return ex instanceof Outdated || (ex instanceof JobError && ex.kind === "outdated") ? "outdated" : undefined;
}

/**
 * Whether the job's validator has rejected a result, which has ended its lease. A minimal pool has no problem types.
 * @param {unknown} ex
 */
export const isRejection = (ex) =>
  ex instanceof PoolError && ex.status === 422 && [REJECTED, UNTYPED].includes(ex.type);

/** Whether the pool defers a request because of a limit. @param {unknown} ex */
export const isLimit = (ex) => ex instanceof PoolError && ex.status === 429 && ex.type === LIMIT;

/** @param {unknown} value */
const stringOrEmpty = (value) => (typeof value === "string" ? value : "");

/**
 * The message of anything thrown.
 * @param {unknown} error
 */
export const messageOf = (error) => (error instanceof Error ? error.message : String(error));
