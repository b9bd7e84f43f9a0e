// An executor in a browser: one worker of the sandbox at a time, for one job, which computes units one after the other.
import { JobError } from "../lib/errors.js";
import { cancelled, overdue, withConsole } from "../lib/unit-errors.js";
import { UnitRun } from "./unit-run.js";
import { Usage } from "./usage.js";

/** @typedef {import("../lib/platform.js").Computed} Computed */
/** @typedef {import("../lib/platform.js").ComputeOptions} ComputeOptions */
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
/** Milliseconds within which a unit is asked for that was sent ahead and has begun. Until then it has no timeout. */
const CLAIM_TIMEOUT = 2000;
/** Milliseconds of processor time that freezing a worker takes, as measured by `python -m bench share`. */
const FREEZE_OVERHEAD = 0.4;
/** A worker that is frozen for longer when its next unit comes is replaced. */
const MAX_THAW = 500;
/** Milliseconds for which Chromium lets a busy worker go on that is terminated in a frame with others. */
const LINGERING = 2000;

/**
 * Starts its worker when a unit needs it, and a new one after an error. The units that follow may be sent ahead, so that
 * the worker does not wait for the page in between, which takes one millisecond, and many on a busy machine.
 */
export class BrowserExecutor {
  #openFrame;
  #clock;
  #limit;
  /** @type {{frame: SandboxFrame, worker: SandboxWorker, unit: Unit} | undefined} `unit`: its first */
  #current;
  /** Sent ahead and begun, and not asked for yet: more than one while the page is slower than the worker. @type {UnitRun[]} */
  #begun = [];
  #cancelClaim = () => {};
  /** Sent ahead, and not begun. @type {UnitRun[]} */
  #ahead = [];
  #isWithdrawn = false;
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
   * Whether it has begun the next unit. Its call of `compute` must follow, or else the worker ends with the next rest.
   */
  get isAhead() {
    return this.#begun.length > 0;
  }

  /**
   * Computes a unit in the context of the last one, if that was of the same job. Rejects with JobError only.
   * @param {Unit} unit
   * @param {ComputeOptions} options
   * @returns {Promise<Computed>}
   */
  async compute(unit, options) {
    await this.#freezing?.promise;
    const run = this.#takeBegun(unit) ?? (await this.#begin(unit, options.signal));
    this.#sendAhead(run, options.following ?? []);
    return this.#outcome(run, options);
  }

  /** @param {Unit} unit */
  #takeBegun(unit) {
    if (this.#begun[0]?.unit !== unit) return undefined;
    const run = this.#begun.shift();
    this.#expectClaim();
    return run;
  }

  /** Within a time that is long only for a page: until then those that have begun have no timeout. */
  #expectClaim() {
    this.#cancelClaim();
    if (this.#begun.length > 0) this.#cancelClaim = this.#clock.after(CLAIM_TIMEOUT, () => this.withdraw());
  }

  /** @param {Unit} unit @param {AbortSignal} [signal] @returns {Promise<UnitRun>} */
  async #begin(unit, signal) {
    this.withdraw();
    const previous = this.#current?.worker;
    const worker = await this.#workerFor(unit);
    if (signal?.aborted) throw this.#discard(cancelled());
    const run = this.#createRun(unit);
    this.#follow(worker, run);
    if (worker === previous) {
      this.#expectStart(worker, run);
      // A sign of life, a rest of no time, before the unit.
      worker.freeze(0);
    }
    worker.send(messageOf(run));
    return run;
  }

  /** Those of them that have not been sent. @param {UnitRun} run @param {readonly Unit[]} following */
  #sendAhead(run, following) {
    if (!this.#current?.frame.takesNext || this.#isWithdrawn) return;
    const { unit, worker } = this.#current;
    let last = this.#ahead.at(-1) ?? this.#begun.at(-1) ?? run;
    for (const next of following.slice(this.#begun.length + this.#ahead.length)) {
      if (last.hasFailed || !isOfSameWorker(unit, next)) return;
      const sent = this.#createRun(next);
      this.#ahead.push(sent);
      worker.send({ ...messageOf(sent), after: last.number });
      last = sent;
    }
  }

  /** The units that were sent ahead are no longer wanted. */
  withdraw() {
    if (this.#begun.length > 0) this.reset(true);
    if (this.#ahead.length === 0) return;
    this.#isWithdrawn = true;
    this.#current?.worker.withdraw();
  }

  /** @param {Unit} unit */
  #createRun(unit) {
    this.#units += 1;
    return new UnitRun(this.#units, unit);
  }

  /** @param {SandboxWorker} worker @param {UnitRun} run that it begins */
  #follow(worker, run) {
    worker.onend = run.fail;
    worker.onprint = ({ printedBy, console }) => {
      if (printedBy === run.number) run.printed += console;
    };
    worker.onresponse = (response) => {
      if (response.unit !== run.number) return;
      run.cancelStart();
      run.hasFailed = response.result === undefined;
      this.#beginNext(worker, run);
      run.respond(response);
    };
  }

  /** As the worker does when a unit has ended. @param {SandboxWorker} worker @param {UnitRun} ended */
  #beginNext(worker, { hasFailed }) {
    const [next, ...others] = hasFailed ? [] : this.#ahead;
    const isWithdrawn = this.#isWithdrawn;
    this.#ahead = others;
    this.#isWithdrawn = false;
    if (!next) return;
    // The worker may have begun it before it was withdrawn.
    if (isWithdrawn) return void this.reset(false);
    this.#begun.push(next);
    this.#expectClaim();
    next.onlate = () => this.reset(true);
    this.#follow(worker, next);
    this.#expectStart(worker, next);
  }

  /** @param {SandboxWorker} worker @param {UnitRun} run */
  #expectStart(worker, run) {
    run.cancelStart = this.#clock.after(this.#usage.frozen + START_TIMEOUT, () => run.onlate());
    worker.onfrozen = run.cancelStart;
  }

  /** @param {UnitRun} run @param {ComputeOptions} options @returns {Promise<Computed>} */
  #outcome(run, options) {
    const { timeout, signal } = options;
    return new Promise((resolve, reject) => {
      const cancelTimer = this.#clock.after(timeout, () => fail(overdue(timeout)));
      const abort = () => fail(cancelled());
      const cleanUp = () => {
        cancelTimer();
        run.cancelStart();
        signal?.removeEventListener("abort", abort);
      };
      run.onlate = () => {
        cleanUp();
        this.reset(true);
        this.compute(run.unit, options).then(resolve, reject);
      };
      /** @param {JobError} error */
      const fail = (error) => {
        cleanUp();
        reject(this.#discard(withConsole(error, run.printed), error.kind === "timeout" || error.kind === "cancelled"));
      };
      signal?.addEventListener("abort", abort);
      if (signal?.aborted) abort();
      run.response.then((response) => {
        cleanUp();
        if (response.result === undefined) reject(errorOf(response, run.printed));
        else resolve({ result: response.result, seconds: response.seconds, console: run.printed });
      }, fail);
    });
  }

  /** @param {Unit} unit @returns {Promise<SandboxWorker>} */
  async #workerFor(unit) {
    if (this.#current && (this.#current.frame.closed || !isOfSameWorker(this.#current.unit, unit))) this.endWorker();
    // A rest may end early, as by a change of settings.
    if (this.#usage.frozen > MAX_THAW) this.endWorker();
    while (!this.#current) {
      this.#usage.start();
      const frame = await this.#frame();
      // Another executor may have left it empty meanwhile, and closed it.
      if (frame.closed) continue;
      this.#current = { frame, worker: frame.startWorker({ gpu: unit.gpu ?? false, limit: this.#limit }), unit };
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
    this.withdraw();
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
    this.#cancelClaim();
    this.#begun = [];
    this.#ahead = [];
    this.#isWithdrawn = false;
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

/** The source counts too, since a job may be deleted and posted anew under its id. @param {Unit} one @param {Unit} other */
const isOfSameWorker = (one, other) =>
  one.job === other.job && one.source === other.source && (one.gpu ?? false) === (other.gpu ?? false);

/** @param {UnitRun} run */
function messageOf({ number, unit: { source, variable, context, lossy = false, seed } }) {
  return { unit: number, source, variable, context, lossy, seed };
}

/** @param {UnitResponse} response @param {string} console */
const errorOf = ({ kind = "crash", message = "", stack }, console) => new JobError(kind, message, { stack, console });
