// An executor in a browser: one worker of the sandbox at a time, for one job, which computes units one after the other.
import { JobError } from "../lib/errors.js";
import { cancelled, overdue, withConsole } from "../lib/unit-errors.js";

/** @typedef {import("../lib/platform.js").Computed} Computed */
/** @typedef {import("../lib/platform.js").Unit} Unit */
/** @typedef {import("./clock.js").Clock} Clock */
/** @typedef {import("./sandbox-frame.js").SandboxFrame} SandboxFrame */
/** @typedef {import("./sandbox-frame.js").SandboxWorker} SandboxWorker */
/** @typedef {import("./sandbox-frame.js").UnitResponse} UnitResponse */

/** Starts its worker when a unit needs it, and a new one after an error. */
export class BrowserExecutor {
  #openFrame;
  #clock;
  #limit;
  /** @type {{frame: SandboxFrame, worker: SandboxWorker, key: string} | undefined} */
  #current;
  #units = 0;

  /**
   * @param {() => Promise<SandboxFrame>} openFrame
   * @param {Clock} clock
   * @param {number} limit of a result, in characters
   */
  constructor(openFrame, clock, limit) {
    this.#openFrame = openFrame;
    this.#clock = clock;
    this.#limit = limit;
  }

  /**
   * Computes a unit in the context of the last one, if that was of the same job. Rejects with JobError only.
   * @param {Unit} unit
   * @param {{timeout: number, signal?: AbortSignal}} options in milliseconds
   * @returns {Promise<Computed>}
   */
  async compute(unit, options) {
    const worker = await this.#workerFor(unit);
    if (options.signal?.aborted) throw this.#discard(cancelled());
    return this.#request(worker, unit, options);
  }

  /**
   * @param {SandboxWorker} worker @param {Unit} unit @param {{timeout: number, signal?: AbortSignal}} options
   * @returns {Promise<Computed>}
   */
  #request(worker, { source, variable, context, lossy = false, seed }, { timeout, signal }) {
    const number = ++this.#units;
    let printed = "";
    return new Promise((resolve, reject) => {
      const cancelTimer = this.#clock.after(timeout, () => fail(overdue(timeout)));
      const abort = () => fail(cancelled());
      const cleanUp = () => {
        cancelTimer();
        signal?.removeEventListener("abort", abort);
      };
      /** @param {JobError} error */
      const fail = (error) => {
        cleanUp();
        reject(this.#discard(withConsole(error, printed)));
      };
      signal?.addEventListener("abort", abort);
      worker.onend = fail;
      worker.onprint = ({ printedBy, console }) => {
        if (printedBy === number) printed += console;
      };
      worker.onresponse = (response) => {
        if (response.unit !== number) return;
        cleanUp();
        if (response.result === undefined) reject(errorOf(response, printed));
        else resolve({ result: response.result, seconds: response.seconds, console: printed });
      };
      worker.send({ unit: number, source, variable, context, lossy, seed });
    });
  }

  /** @param {Unit} unit @returns {Promise<SandboxWorker>} */
  async #workerFor({ job, source, gpu = false }) {
    // The source is part of the key, since a job may be deleted and posted anew under its id.
    const key = JSON.stringify([job, source, gpu]);
    if (this.#current && (this.#current.key !== key || this.#current.frame.closed)) this.endWorker();
    while (!this.#current) {
      const frame = await this.#frame();
      // Another executor may have left it empty meanwhile, and closed it.
      if (!frame.closed) this.#current = { frame, worker: frame.startWorker({ gpu, limit: this.#limit }), key };
    }
    return this.#current.worker;
  }

  async #frame() {
    try {
      return await this.#openFrame();
    } catch (ex) {
      throw ex instanceof JobError ? ex : new JobError("sandbox", ex instanceof Error ? ex.message : String(ex));
    }
  }

  /** After an error the worker's state is unknown. @param {JobError} error @returns {JobError} */
  #discard(error) {
    this.reset();
    return error;
  }

  /** Ends the worker and its context, and keeps the frame, for a worker that follows soon. */
  endWorker() {
    this.#current?.frame.endWorker(this.#current.worker);
    this.#current = undefined;
  }

  /** Ends the worker, its context and what it left running; the next unit starts a new one. */
  reset() {
    const frame = this.#current?.frame;
    this.endWorker();
    frame?.closeIfEmpty();
  }

  close() {
    this.reset();
  }
}

/** @param {UnitResponse} response @param {string} console */
const errorOf = ({ kind = "crash", message = "", stack }, console) => new JobError(kind, message, { stack, console });
