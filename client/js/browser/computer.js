// One isolated worker of the cage, which computes units one after the other.
import { JobError } from "../lib/errors.js";

/** @typedef {import("./cage.js").Cage} Cage */
/** @typedef {import("./cage.js").CagedWorker} CagedWorker */
/** @typedef {import("./clock.js").Clock} Clock */
/** @typedef {{job: string, source: string, variable: string, context: string | null, gpu?: boolean}} Unit */
/** @typedef {{result: string, seconds: number}} Computed the result is JSON text */

/** A worker that is started when it is needed, and again when it was lost. */
export class BrowserComputer {
  #open;
  #clock;
  #limit;
  /** @type {{cage: Cage, worker: CagedWorker, job: string} | undefined} */
  #seat;
  #units = 0;

  /** @param {() => Promise<Cage>} open @param {Clock} clock @param {number} limit longest result, in characters */
  constructor(open, clock, limit) {
    this.#open = open;
    this.#clock = clock;
    this.#limit = limit;
  }

  /**
   * Computes a unit; the context goes on from the last one of the same job. Rejects with JobError, and nothing else.
   * @param {Unit} unit
   * @param {{milliseconds: number, signal?: AbortSignal}} options until when it must be done
   * @returns {Promise<Computed>}
   */
  async compute(unit, { milliseconds, signal }) {
    const worker = await this.#workerFor(unit);
    if (signal?.aborted) throw this.#drop(new JobError("cancelled", "it was interrupted"));
    const number = ++this.#units;
    const { source, variable, context } = unit;
    return new Promise((resolve, reject) => {
      const cancelTimer = this.#clock.after(milliseconds, () =>
        fail(new JobError("timeout", "it was not done by its deadline")),
      );
      const abort = () => fail(new JobError("cancelled", "it was interrupted"));
      const settle = () => {
        cancelTimer();
        signal?.removeEventListener("abort", abort);
      };
      /** @param {JobError} error */
      const fail = (error) => {
        settle();
        reject(this.#drop(error));
      };
      signal?.addEventListener("abort", abort);
      worker.onend = fail;
      worker.onanswer = (answer) => {
        if (answer.unit !== number) return;
        settle();
        if (answer.result === undefined) reject(new JobError(answer.kind ?? "crash", answer.message ?? ""));
        else resolve({ result: answer.result, seconds: answer.seconds });
      };
      worker.send({ unit: number, source, variable, context });
    });
  }

  /** @param {Unit} unit @returns {Promise<CagedWorker>} */
  async #workerFor({ job, source, gpu = false }) {
    const name = JSON.stringify([job, source, gpu]);
    if (this.#seat && (this.#seat.job !== name || this.#seat.cage.closed)) this.rest();
    if (!this.#seat) {
      const cage = await this.#opened();
      this.#seat = { cage, worker: cage.worker({ gpu, limit: this.#limit }), job: name };
    }
    return this.#seat.worker;
  }

  async #opened() {
    try {
      return await this.#open();
    } catch (ex) {
      throw ex instanceof JobError ? ex : new JobError("cage", ex instanceof Error ? ex.message : String(ex));
    }
  }

  /** @param {JobError} error @returns {JobError} */
  #drop(error) {
    this.rest();
    return error;
  }

  /** Ends the worker, and with it the context, until there is something to compute again. */
  rest() {
    this.#seat?.cage.end(this.#seat.worker);
    this.#seat = undefined;
  }

  close() {
    this.rest();
  }
}
