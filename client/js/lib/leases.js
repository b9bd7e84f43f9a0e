// A leased variable: the unit of work, reserved for one volunteer until its deadline.
import { Document } from "./document.js";

/** The duration of a lease without the header Lease-Seconds. */
const DEFAULT_SECONDS = 300;

/** What a job requires once it has variables that are no objects: every client of this version can read them. */
export const JSON_VARIABLES = "json_variables";

/**
 * @typedef {object} Leases
 * @property {Lease[]} items mostly one
 * @property {number | null} retryAfter seconds until the next attempt when there are none, where the pool sets that
 */

/** The pool has no job to offer at present. */
export class NoWork {
  /** @param {number | null} retryAfter in seconds; null where the pool sets none */
  constructor(retryAfter = null) {
    this.retryAfter = retryAfter;
  }
}

/** A leased variable: for `seconds` from `since` (milliseconds of `now`). */
export class Lease extends Document {
  #now;

  /**
   * @param {Document} document
   * @param {() => number} [now] monotonic, in milliseconds
   */
  constructor(document, now = () => performance.now()) {
    super(document.address, document.content, document.headers);
    this.#now = now;
    this.since = now();
    this.seconds = parseSeconds(document.headers.get("Lease-Seconds")) ?? DEFAULT_SECONDS;
  }

  /** Seconds until the deadline. */
  get remaining() {
    return this.seconds - (this.#now() - this.since) / 1000;
  }

  /** The starting context; null: the worker's context of the job continues. */
  get context() {
    return this.embedded("context") ?? null;
  }

  /** The variable's id, as far as links show it. */
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
function parseSeconds(text) {
  const value = Number.parseFloat(text ?? "");
  return value >= 0 && value < Infinity ? value : undefined;
}
