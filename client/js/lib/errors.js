// What can go wrong between a client and its pool, and in the code of a job.

/** The pool answered with an error: the members are those of its problem document (RFC 9457). */
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
   * Reads a problem document, or whatever came in its place.
   * @param {number} status
   * @param {unknown} problem
   * @param {number | null} retryAfter
   */
  static of(status, problem, retryAfter) {
    const known = /** @type {Record<string, unknown>} */ (Object(problem));
    const title = textOf(known.title) || "the pool answered with an error";
    const type = textOf(known.type) || "about:blank";
    return new PoolError(status, title, textOf(known.detail), { type, retryAfter });
  }
}

/** The pool did not answer, in as many attempts as were allowed; `cause` says why. */
export class Unreachable extends Error {
  name = "Unreachable";
}

/** A document doesn't lead on: it lacks a link. */
export class MissingLink extends Error {
  name = "MissingLink";

  /** @param {string} link @param {string} address of the document */
  constructor(link, address) {
    super(`${address} has no link "${link}"`);
    this.link = link;
    this.address = address;
  }
}

/** A link leads away from the pool's own origin: what a volunteer computes is not for others. */
export class Astray extends Error {
  name = "Astray";

  /** @param {string} address */
  constructor(address) {
    super(`not an address of this pool: ${address.slice(0, 200)}`);
    this.address = address;
  }
}

/**
 * A unit could not be computed. `kind` is `code` (no function), `threw`, `no-result`, `not-json`, `too-large`,
 * `timeout`, `memory`, `crash`, `misbehaved`, `cancelled` or `cage` (the whole sandbox was lost).
 */
export class JobError extends Error {
  name = "JobError";

  /** @param {string} kind @param {string} message */
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

/** @param {unknown} value */
const textOf = (value) => (typeof value === "string" ? value : "");

/**
 * What an error says, whatever was thrown.
 * @param {unknown} error
 */
export const messageOf = (error) => (error instanceof Error ? error.message : String(error));
