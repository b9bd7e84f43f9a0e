// An executor in Node: one child process at a time, for one job, which computes units one after the other.
import { JobError } from "../lib/errors.js";
import { MAX_CONSOLE } from "../lib/report.js";
import { cancelled, overdue, withConsole } from "../lib/unit-errors.js";
import { Child, startError } from "./child.js";

/** @typedef {import("../lib/platform.js").Clock} Clock */
/** @typedef {import("../lib/platform.js").Computed} Computed */
/** @typedef {import("../lib/platform.js").Unit} Unit */
/** @typedef {import("./command.js").Command} Command */

/** Milliseconds by which the child's own timeout is later than the parent's: it counts only if the parent is gone. */
const CHILD_GRACE = 1000;

export class NodeExecutor {
  #command;
  #clock;
  #resultBytes;
  /** @type {{child: Child, key: string} | undefined} */
  #current;
  #closed = false;

  /** @param {Command} command @param {Clock} clock @param {number} resultBytes limit of a result */
  constructor(command, clock, resultBytes) {
    this.#command = command;
    this.#clock = clock;
    this.#resultBytes = resultBytes;
  }

  /** The process id of the child, or undefined. */
  get pid() {
    return this.#current?.child.pid;
  }

  /**
   * Computes a unit in the context of the last one, if that was of the same job. Rejects with JobError only.
   * @param {Unit} unit
   * @param {{timeout: number, signal?: AbortSignal}} options in milliseconds
   * @returns {Promise<Computed>}
   */
  async compute(unit, { timeout, signal }) {
    if (signal?.aborted || this.#closed) throw cancelled();
    const child = this.#childFor(unit);
    const cancelTimer = this.#clock.after(timeout, () => child.end(overdue(timeout)));
    const abort = () => child.end(cancelled());
    signal?.addEventListener("abort", abort);
    try {
      const { source, variable, context, lossy = false, seed } = unit;
      const response = await child.request({ source, variable, context, lossy, seed, timeout: timeout + CHILD_GRACE });
      return { ...this.#validated(response), console: child.printed };
    } catch (ex) {
      throw withConsole(/** @type {JobError} */ (ex), child.printed);
    } finally {
      cancelTimer();
      signal?.removeEventListener("abort", abort);
    }
  }

  /** @param {Unit} unit @returns {Child} */
  #childFor({ job, source }) {
    // The source is part of the key, since a job may be deleted and posted anew under its id.
    const key = JSON.stringify([job, source]);
    if (this.#current?.key !== key || this.#current.child.hasEnded) {
      this.reset();
      this.#current = { child: this.#start(), key };
    }
    return this.#current.child;
  }

  #start() {
    try {
      // A character takes up to six bytes (\u0000) in JSON within JSON. The rest is for errors, and prints.
      return new Child(this.#command, 6 * (this.#resultBytes + MAX_CONSOLE) + 4096);
    } catch (ex) {
      throw startError(ex);
    }
  }

  /** @param {any} response @returns {Computed} */
  #validated(response) {
    if (response?.final) this.reset();
    const { result, seconds, kind, message, stack } = response ?? {};
    if (typeof result !== "string") {
      throw new JobError(String(kind ?? "crash"), String(message ?? "no result"), { stack: String(stack ?? "") });
    }
    if (Number.isFinite(seconds) && isJson(result)) return this.#withinLimit({ result, seconds });
    this.reset();
    throw new JobError("misbehaved", "its process sent an invalid response");
  }

  /** @param {Computed} computed */
  #withinLimit(computed) {
    const size = Buffer.byteLength(computed.result);
    if (size <= this.#resultBytes) return computed;
    throw new JobError("too-large", `result too large: ${size} bytes (at most ${this.#resultBytes})`);
  }

  /** Ends the child and its context; the next unit starts a new one. */
  reset() {
    this.#current?.child.end(cancelled());
    this.#current = undefined;
  }

  close() {
    this.#closed = true;
    this.reset();
  }
}

/** @param {string} text */
function isJson(text) {
  try {
    JSON.parse(text);
  } catch {
    return false;
  }
  return true;
}
