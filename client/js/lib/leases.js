// A leased variable: the unit of work, on loan until its deadline.
import { Document } from "./document.js";

/** What a pool lends for where it doesn't say, in seconds. */
const USUAL_SECONDS = 300;

/**
 * @typedef {object} Leases what the pool lent: mostly one
 * @property {Lease[]} items
 * @property {number | null} retryAfter in how many seconds to ask again, where nothing was lent and the pool said so
 */

/** The pool has nothing at present. */
export class Nothing {
  /** @param {number | null} retryAfter in seconds; null where the pool doesn't say */
  constructor(retryAfter = null) {
    this.retryAfter = retryAfter;
  }
}

/** A variable on loan for `seconds` from `since`, a time of the clock that `now` reads, in milliseconds. */
export class Lease extends Document {
  #now;

  /**
   * @param {Document} document
   * @param {() => number} [now]
   */
  constructor(document, now = () => performance.now()) {
    super(document.address, document.content, document.headers);
    this.#now = now;
    this.since = now();
    this.seconds = positive(document.headers.get("Lease-Seconds")) ?? USUAL_SECONDS;
  }

  /** Seconds until the deadline. */
  get remaining() {
    return this.seconds - (this.#now() - this.since) / 1000;
  }

  /** The context to start with; null where the kept one goes on. */
  get context() {
    return this.embedded("context") ?? null;
  }

  /** How the variable is called on a display. */
  get name() {
    const path = this.has("self") ? new URL(this.link("self")).pathname : "";
    return decoded(path.split("/").filter(Boolean).at(-1) ?? "") || "variable";
  }
}

/** @param {string} segment */
function decoded(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** @param {string | null} text */
function positive(text) {
  const value = Number.parseFloat(text ?? "");
  return value >= 0 && value < Infinity ? value : undefined;
}
