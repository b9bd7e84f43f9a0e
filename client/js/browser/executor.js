// An executor in a browser: one worker of the sandbox at a time, for one job, which computes units one after the other.
import { JobError } from "../lib/errors.js";
import { cancelled, overdue, withConsole } from "../lib/unit-errors.js";
import { Usage } from "./usage.js";

/** @typedef {import("../lib/platform.js").Computed} Computed */
/** @typedef {import("../lib/platform.js").Unit} Unit */
/** @typedef {import("./clock.js").Clock} Clock */
/** @typedef {import("./sandbox-frame.js").SandboxFrame} SandboxFrame */
/** @typedef {import("./sandbox-frame.js").SandboxWorker} SandboxWorker */
/** @typedef {import("./sandbox-frame.js").UnitResponse} UnitResponse */

/**
 * Milliseconds in which an idle worker confirms that it is frozen. One that does not is ended: its job has left work
 * behind that keeps it busy.
 */
const FREEZE_TIMEOUT = 250;
/**
 * Milliseconds in which a worker that has computed before begins a unit. One that does not is replaced, and the unit
 * computed anew: the job has left work behind that never lets another unit begin, which is no fault of that unit.
 */
const START_TIMEOUT = 2000;
/** Milliseconds of processor time that freezing a worker takes, as measured by `python -m bench share`. */
const FREEZE_OVERHEAD = 0.4;
/** A worker that is frozen for longer when its next unit comes is replaced. */
const MAX_THAW = 500;
/** Milliseconds for which Chromium lets a busy worker go on that is terminated in a frame with others. */
const LINGERING = 2000;

/** Starts its worker when a unit needs it, and a new one after an error. */
export class BrowserExecutor {
  #openFrame;
  #clock;
  #limit;
  /** @type {{frame: SandboxFrame, worker: SandboxWorker, key: string} | undefined} */
  #current;
  #units = 0;
  #usage;
  /** A rest that the worker has not confirmed yet. @type {{promise: Promise<void>, end: () => void} | undefined} */
  #freezing;

  /**
   * @param {() => Promise<SandboxFrame>} openFrame
   * @param {Clock} clock
   * @param {number} limit of a result, in characters
   */
  constructor(openFrame, clock, limit) {
    this.#openFrame = openFrame;
    this.#clock = clock;
    this.#limit = limit;
    this.#usage = new Usage(clock);
  }

  /**
   * Computes a unit in the context of the last one, if that was of the same job. Rejects with JobError only.
   * @param {Unit} unit
   * @param {{timeout: number, signal?: AbortSignal}} options in milliseconds
   * @returns {Promise<Computed>}
   */
  async compute(unit, options) {
    await this.#freezing?.promise;
    const previous = this.#current?.worker;
    const worker = await this.#workerFor(unit);
    if (options.signal?.aborted) throw this.#discard(cancelled());
    return this.#request(worker, unit, options, worker === previous);
  }

  /**
   * @param {SandboxWorker} worker @param {Unit} unit @param {{timeout: number, signal?: AbortSignal}} options
   * @param {boolean} isReused
   * @returns {Promise<Computed>}
   */
  #request(worker, unit, options, isReused) {
    const { source, variable, context, lossy = false, seed } = unit;
    const { timeout, signal } = options;
    const number = ++this.#units;
    let printed = "";
    return new Promise((resolve, reject) => {
      const cancelTimer = this.#clock.after(timeout, () => fail(overdue(timeout)));
      const cancelStart = isReused ? this.#expectStart(worker, () => restart()) : () => {};
      const abort = () => fail(cancelled());
      const cleanUp = () => {
        cancelTimer();
        cancelStart();
        signal?.removeEventListener("abort", abort);
      };
      const restart = () => {
        cleanUp();
        this.reset(true);
        this.compute(unit, options).then(resolve, reject);
      };
      /** @param {JobError} error */
      const fail = (error) => {
        cleanUp();
        reject(this.#discard(withConsole(error, printed), error.kind === "timeout" || error.kind === "cancelled"));
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

  /**
   * Asks the worker for a sign of life, a rest of no time, before its next unit.
   * @param {SandboxWorker} worker @param {() => void} onlate @returns {() => void} cancels
   */
  #expectStart(worker, onlate) {
    const cancel = this.#clock.after(this.#usage.frozen + START_TIMEOUT, onlate);
    worker.onfrozen = cancel;
    worker.freeze(0);
    return cancel;
  }

  /** @param {Unit} unit @returns {Promise<SandboxWorker>} */
  async #workerFor({ job, source, gpu = false }) {
    // The source is part of the key, since a job may be deleted and posted anew under its id.
    const key = JSON.stringify([job, source, gpu]);
    if (this.#current && (this.#current.key !== key || this.#current.frame.closed)) this.endWorker();
    // A rest may end early, as by a change of settings.
    if (this.#usage.frozen > MAX_THAW) this.endWorker();
    while (!this.#current) {
      this.#usage.start();
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

  /**
   * Freezes the idle worker: nothing of its job runs for so long. One that does not confirm that in time is ended.
   * @param {number} milliseconds
   */
  freeze(milliseconds) {
    const { frozen } = this.#usage;
    const remaining = milliseconds - frozen;
    if (!this.#current || this.#freezing || remaining <= 0) return;
    const { worker } = this.#current;
    worker.onfrozen = () => {
      this.#freezing?.end();
      this.#usage.freeze(remaining, FREEZE_OVERHEAD);
    };
    this.#expectFrozen(frozen + FREEZE_TIMEOUT);
    worker.freeze(remaining);
  }

  /** @param {number} timeout in milliseconds */
  #expectFrozen(timeout) {
    const cancelTimer = this.#clock.after(timeout, () => this.reset(true));
    /** @type {() => void} */
    let resolve;
    const promise = new Promise((/** @type {(value?: undefined) => void} */ resolvePromise) => (resolve = resolvePromise));
    const end = () => {
      this.#freezing = undefined;
      cancelTimer();
      resolve();
    };
    this.#freezing = { promise, end };
  }

  /** Milliseconds of processor time that its workers have used at most since the last call. */
  takeUsed() {
    return this.#usage.take();
  }

  /** After an error the worker's state is unknown. @param {JobError} error @param {boolean} [isBusy] */
  #discard(error, isBusy) {
    this.reset(isBusy);
    return error;
  }

  /** Ends the worker and its context, and keeps the frame, for a worker that follows soon. */
  endWorker(lingering = 0) {
    this.#freezing?.end();
    this.#usage.end(lingering);
    this.#current?.frame.endWorker(this.#current.worker);
    this.#current = undefined;
  }

  /**
   * Ends the worker, its context and what it left running; the next unit starts a new one.
   * @param {boolean} [isBusy] whether the worker is computing
   */
  reset(isBusy = this.#freezing !== undefined) {
    const frame = this.#current?.frame;
    this.endWorker(isBusy && frame?.isShared ? LINGERING : 0);
    frame?.closeIfEmpty();
  }

  close() {
    this.reset();
  }
}

/** @param {UnitResponse} response @param {string} console */
const errorOf = ({ kind = "crash", message = "", stack }, console) => new JobError(kind, message, { stack, console });
