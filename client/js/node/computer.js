// A computer that computes units one after the other: in a child process for each job, killed where it is not done in
// time.
import { JobError } from "../lib/errors.js";
import { Child, unstarted } from "./child.js";

/** @typedef {import("../lib/platform.js").Clock} Clock */
/** @typedef {import("../lib/platform.js").Computed} Computed */
/** @typedef {import("../lib/platform.js").Unit} Unit */
/** @typedef {import("./command.js").Command} Command */

/** A child ends itself so much later than its parent would have ended it: that is for parents that are gone. */
const GRACE = 1000;

export class NodeComputer {
  #command;
  #clock;
  #resultBytes;
  /** @type {{child: Child, job: string} | undefined} */
  #seat;
  #closed = false;

  /** @param {Command} command @param {Clock} clock @param {number} resultBytes longest result */
  constructor(command, clock, resultBytes) {
    this.#command = command;
    this.#clock = clock;
    this.#resultBytes = resultBytes;
  }

  /** The process id of the present child, undefined where there is none. */
  get pid() {
    return this.#seat?.child.pid;
  }

  /**
   * Computes a unit; the context goes on from the last one of the same job. Rejects with JobError, and nothing else.
   * @param {Unit} unit
   * @param {{milliseconds: number, signal?: AbortSignal}} limits until when it must be done
   * @returns {Promise<Computed>}
   */
  async compute(unit, { milliseconds, signal }) {
    if (signal?.aborted || this.#closed) throw interrupted();
    const child = this.#childFor(unit);
    const overdue = () => child.end(new JobError("timeout", "it was not done by its deadline"));
    const abort = () => child.end(interrupted());
    const cancelTimer = this.#clock.after(milliseconds, overdue);
    signal?.addEventListener("abort", abort);
    try {
      const { source, variable, context } = unit;
      return this.#read(await child.ask({ source, variable, context, milliseconds: milliseconds + GRACE }));
    } finally {
      cancelTimer();
      signal?.removeEventListener("abort", abort);
    }
  }

  /** @param {Unit} unit @returns {Child} */
  #childFor({ job, source }) {
    const name = JSON.stringify([job, source]);
    if (this.#seat?.job !== name || this.#seat.child.isOver) {
      this.rest();
      this.#seat = { child: this.#start(), job: name };
    }
    return this.#seat.child;
  }

  #start() {
    try {
      // A character of a result takes up to six bytes in a document within a document.
      return new Child(this.#command, 6 * this.#resultBytes + 4096);
    } catch (ex) {
      throw unstarted(ex);
    }
  }

  /** @param {any} answer @returns {Computed} */
  #read(answer) {
    if (answer?.over) this.rest();
    const { result, seconds, kind, message } = answer ?? {};
    if (typeof result !== "string") throw new JobError(String(kind ?? "crash"), String(message ?? "no answer"));
    if (Number.isFinite(seconds) && isJson(result)) return this.#sized({ result, seconds });
    this.rest();
    throw new JobError("misbehaved", "its process sent what is no answer");
  }

  /** @param {Computed} computed */
  #sized(computed) {
    const size = Buffer.byteLength(computed.result);
    if (size <= this.#resultBytes) return computed;
    throw new JobError("too-large", `the result takes ${size} bytes, and ${this.#resultBytes} are allowed`);
  }

  /** Ends the child, and with it the context, until there is something to compute again. */
  rest() {
    this.#seat?.child.end(interrupted());
    this.#seat = undefined;
  }

  /** Ends the child for good. */
  close() {
    this.#closed = true;
    this.rest();
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

const interrupted = () => new JobError("cancelled", "it was interrupted");
