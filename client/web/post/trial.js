// A trial of a job in the sandbox of this browser, where volunteers compute: one unit, and the job's validators, which
// run on the pool later. Nothing is sent to the pool.

import { platform } from "../../js/browser/platform.js";
import { JobError } from "../../js/lib/errors.js";
import { unitSeed } from "../../js/lib/seed.js";

/** @typedef {import("../../js/lib/document.js").Document} Document */
/** @typedef {import("../../js/lib/platform.js").Executors} Executors */
/**
 * @typedef {object} Job the functions by the names of their fields, and what the trial depends on
 * @property {Record<string, string>} functions
 * @property {boolean} lossy
 * @property {boolean} gpu
 * @property {number} seconds that a unit has
 */
/** @typedef {{valid: boolean, reason?: string, stored?: unknown, console: string}} Verdict */
/**
 * @typedef {object} Tried
 * @property {"refused" | "failed" | "rejected" | "accepted"} outcome `refused`: the variable
 * @property {string} [result] as JSON
 * @property {number} [seconds]
 * @property {string} console of the function
 * @property {string} [error]
 * @property {string} [stack]
 * @property {Verdict} [verdict] none: the job has no validator
 * @property {boolean} [isRepeatable] whether a second run had the same result; unknown where one takes long
 * @property {boolean} [agreesWithItself] what `compare_results` says of the result and itself
 */

const TRIAL = "trial";
/** A validator has 250 ms on the pool. Here it may be slower, or the device may be. */
const JUDGE_TIMEOUT = 5_000;
/** In seconds. Slower functions run once. */
const MAX_REPEATED = 10;

/** What a verdict is, as the pool reads it (pool/validation.py). It begins on the first line, so that errors have theirs. */
const judgeOf = (/** @type {string} */ source) => `async ({ given }) => { const judge = (${source}
  );
  const returned = await judge(...given.map(({ value }) => value));
  if (typeof returned === "boolean") return { result: { valid: returned, reason: returned ? undefined : "it returned false" } };
  if (Object(returned) !== returned || typeof returned.valid !== "boolean") {
    return { result: { valid: false, reason: "it returned neither true, false nor {valid: true or false, …}" } };
  }
  const { valid, reason, result: stored } = returned;
  return { result: { valid, reason: typeof reason === "string" ? reason : undefined, stored } };
}`;

export class Trial {
  #root;
  /** One that allows the graphics card, and one that does not. @type {Map<boolean, Promise<Executors>>} */
  #executors = new Map();

  /** @param {() => Promise<Document>} root of the pool */
  constructor(root) {
    this.#root = root;
  }

  /**
   * Rejects with JobError of kind `cancelled` or `sandbox`, or as `root` does.
   * @param {Job} job @param {unknown} variable @param {AbortSignal} signal
   * @returns {Promise<Tried>}
   */
  async run(job, variable, signal) {
    const refusal = await this.#refusal(job, variable, signal);
    if (refusal !== undefined) return { outcome: "refused", console: "", verdict: refusal };
    try {
      const first = await this.#execute(job, variable, signal);
      const isRepeatable = first.seconds > MAX_REPEATED ? undefined : await this.#isSame(job, variable, first.result, signal);
      const judged = await this.#judged(job, variable, first.result, signal);
      return { ...judged, ...first, console: first.console ?? "", isRepeatable };
    } catch (ex) {
      return { ...failure(ex), outcome: "failed" };
    }
  }

  /** As the pool asks when a variable is posted. @param {Job} job @param {unknown} variable @param {AbortSignal} signal */
  async #refusal({ functions, lossy }, variable, signal) {
    const context = { value: { job: { id: TRIAL, name: TRIAL } } };
    const { validate_variable: own, validate_result: fallback } = functions;
    if (!own && !fallback) return undefined;
    const given = own ? [{ value: variable }, context] : [{ value: variable }, {}, context];
    const verdict = await this.#judge(own || fallback, given, lossy, signal);
    return verdict.valid ? undefined : verdict;
  }

  /** @param {Job} job @param {unknown} variable @param {string} text @param {AbortSignal} signal */
  async #judged({ functions, lossy }, variable, text, signal) {
    const result = JSON.parse(text);
    const { validate_result: validate, compare_results: compare } = functions;
    const context = { job: { id: TRIAL, name: TRIAL }, variable: TRIAL, lease: null, volunteer: null, seed: seed() };
    const given = [{ value: variable }, { value: result }, { value: context }];
    const verdict = validate ? await this.#judge(validate, given, lossy, signal) : undefined;
    /** @type {"accepted" | "rejected"} */
    const outcome = verdict === undefined || verdict.valid ? "accepted" : "rejected";
    const pair = [{ value: result }, { value: result }];
    const agreed = compare ? await this.#judge(compare, pair, lossy, signal) : undefined;
    return { outcome, verdict, ...(agreed && { agreesWithItself: agreed.valid }) };
  }

  /** @param {Job} job @param {unknown} variable @param {string} text @param {AbortSignal} signal */
  async #isSame(job, variable, text, signal) {
    const second = await this.#execute(job, variable, signal).catch((ex) => {
      if (signal.aborted) throw ex;
      return { result: "" };
    });
    return second.result === text;
  }

  /** @param {Job} job @param {unknown} variable @param {AbortSignal} signal */
  #execute({ functions, lossy, gpu, seconds }, variable, signal) {
    return this.#compute(functions.execute_function, variable, { lossy, gpu, timeout: seconds * 1000, signal });
  }

  /**
   * @param {string} source @param {{value?: unknown}[]} given arguments; one without a value is undefined
   * @param {boolean} lossy @param {AbortSignal} signal
   * @returns {Promise<Verdict>}
   */
  async #judge(source, given, lossy, signal) {
    try {
      const options = { lossy, gpu: false, timeout: JUDGE_TIMEOUT, signal };
      const { result, console } = await this.#compute(judgeOf(source), { given }, options);
      return { ...JSON.parse(result), console };
    } catch (ex) {
      const { error, console } = failure(ex);
      return { valid: false, reason: error, console };
    }
  }

  /**
   * In a worker of its own: nothing of one call is left for the next.
   * @param {string} source @param {unknown} variable
   * @param {{lossy: boolean, gpu: boolean, timeout: number, signal: AbortSignal}} options
   */
  async #compute(source, variable, { lossy, gpu, timeout, signal }) {
    const executor = (await this.#open(gpu)).create();
    const unit = { job: TRIAL, source, variable: JSON.stringify(variable), context: null, gpu, lossy, seed: seed() };
    try {
      return await executor.compute(unit, { timeout, signal });
    } finally {
      executor.close();
    }
  }

  /** @param {boolean} gpu */
  #open(gpu) {
    const executors = this.#executors.get(gpu) ?? this.#root().then((root) => platform.open(root, { gpu }));
    this.#executors.set(gpu, executors);
    executors.catch(() => this.#executors.delete(gpu));
    return executors;
  }
}

/** The same for each trial: random numbers are those of a unit, here of one that does not exist. */
const seed = () => unitSeed(TRIAL, TRIAL);

/** Throws what is not the function's fault. @param {unknown} ex */
function failure(ex) {
  if (!(ex instanceof JobError) || ex.kind === "cancelled" || ex.kind === "sandbox") throw ex;
  return { error: ex.message, stack: ex.stack ?? "", console: ex.console ?? "" };
}
