// QuickJS in WebAssembly with one job in it. Of Node's modules, globals and functions, one function is passed into it:
// `print`, which takes text and returns nothing. The job can't reach it.
import { readFileSync } from "node:fs";
import variant from "@jitl/quickjs-wasmfile-release-sync";
import { newQuickJSWASMModuleFromVariant, newVariant } from "quickjs-emscripten-core";

/** @typedef {import("quickjs-emscripten-core").QuickJSContext} QuickJSContext */
/** @typedef {import("quickjs-emscripten-core").QuickJSSyncVariant} QuickJSSyncVariant */
/** @typedef {{source: string, variable: string, context: string | null, lossy: boolean, seed?: number}} Unit */
/** @typedef {{result: string} | {kind: string, message: string, stack: string}} Outcome */

// The package's types describe its CommonJS form.
const VARIANT = /** @type {QuickJSSyncVariant} */ (/** @type {unknown} */ (variant));
const PAGES_PER_MEBIBYTE = 16;
/** QuickJS's initial memory, and the maximum that it was compiled for. */
const MIN_PAGES = 256;
const MAX_PAGES = 32768;
/** Attempts of QuickJS's allocator to grow the memory, each by less, before an allocation fails. */
const GROW_ATTEMPTS = 3;
/** QuickJS's own stack: about as many calls as in V8. */
const STACK_BYTES = 2 << 20;
/** Promise jobs between two checks for the outcome. */
const PROMISE_JOBS = 1000;

const [JOB, SERIALISER, ...LIBRARIES] = ["job", "serialiser", "language", "web-functions"].map((name) =>
  readFileSync(new URL(`../sandbox/${name}.js`, import.meta.url), "utf8"),
);
const OPEN_JOB = `${JOB}.bind(undefined, ${SERIALISER}(), ${LIBRARIES})`;
// The outcome is stored in a property that the host reads, to have as few functions of Node's in the job's realm as
// possible. What a job prints can't wait there: a host that has interrupted QuickJS must not read its memory.
const HARNESS = `((openJob, print) => {
  "use strict";
  const { stringify } = JSON;
  // As JSON, which is free of zero bytes, where the host would end a text.
  const compute = openJob({ __proto__: null }, (text) => print(stringify(text)));
  const harness = { __proto__: null, outcome: undefined };
  harness.compute = (source, variable, context, isLossy, limit, seed) => {
    harness.outcome = undefined;
    const done = (outcome) => {
      harness.outcome = stringify(outcome);
    };
    compute(source, variable, context, isLossy, limit, done, seed);
  };
  return harness;
})`;

export class Interpreter {
  #context;
  #limit;
  #harness;
  #compute;

  /**
   * @param {object} options
   * @param {number} options.memoryMb limit for all of QuickJS
   * @param {number} options.resultBytes limit of a result
   * @param {() => void} options.onpoll called repeatedly while a job runs
   * @param {(text: string) => void} options.onprint called with what a job prints
   * @param {() => never} options.onexhausted called when the memory limit is reached
   */
  static async open({ memoryMb, resultBytes, onpoll, onprint, onexhausted }) {
    const wasmMemory = boundedMemory(memoryMb, onexhausted);
    const module = await newQuickJSWASMModuleFromVariant(newVariant(VARIANT, { wasmMemory }));
    const runtime = module.newRuntime({ maxStackSizeBytes: STACK_BYTES });
    runtime.setInterruptHandler(() => {
      onpoll();
      return false;
    });
    return new Interpreter(runtime.newContext(), resultBytes, onprint);
  }

  /**
   * @param {QuickJSContext} context
   * @param {number} limit of a result, in characters
   * @param {(text: string) => void} onprint
   */
  constructor(context, limit, onprint) {
    this.#context = context;
    this.#limit = context.newNumber(limit);
    const print = context.newFunction("print", (json) => onprint(JSON.parse(context.getString(json))));
    const [openHarness, openJob] = [HARNESS, OPEN_JOB].map((text) => context.unwrapResult(context.evalCode(text)));
    this.#harness = context.unwrapResult(context.callFunction(openHarness, context.undefined, openJob, print));
    this.#compute = context.getProp(this.#harness, "compute");
  }

  /**
   * The outcome of a unit; undefined if its promise can never settle. After an exception the interpreter must not be
   * used again.
   * @param {Unit} unit
   * @returns {Outcome | undefined}
   */
  compute({ source, variable, context, lossy, seed }) {
    this.#start([source, variable, context], lossy, seed);
    const { runtime } = this.#context;
    for (;;) {
      const text = this.#outcome();
      if (text !== undefined) return JSON.parse(text);
      if (!runtime.hasPendingJob()) return undefined;
      // Not unwrapped: an error in a promise job is the job's, and rejects a promise there.
      runtime.executePendingJobs(PROMISE_JOBS).dispose();
    }
  }

  /** @param {(string | null)[]} texts @param {boolean} isLossy @param {number | undefined} seed */
  #start(texts, isLossy, seed) {
    const quick = this.#context;
    const values = texts.map((text) => (text === null ? quick.null : quick.newString(text)));
    const number = seed === undefined ? quick.undefined : quick.newNumber(seed);
    const parameters = [...values, isLossy ? quick.true : quick.false, this.#limit, number];
    quick.unwrapResult(quick.callFunction(this.#compute, quick.undefined, ...parameters)).dispose();
    for (const value of [...values, number]) value.dispose();
  }

  #outcome() {
    const outcome = this.#context.getProp(this.#harness, "outcome");
    const text = this.#context.typeof(outcome) === "string" ? this.#context.getString(outcome) : undefined;
    outcome.dispose();
    return text;
  }
}

/**
 * A memory that ends the process at its limit. Letting the allocation fail instead would rely on QuickJS's handling of
 * failed allocations, its least tested code.
 * @param {number} mebibytes
 * @param {() => never} onexhausted
 */
function boundedMemory(mebibytes, onexhausted) {
  const maximum = Math.min(Math.max(mebibytes * PAGES_PER_MEBIBYTE, MIN_PAGES), MAX_PAGES);
  const memory = new WebAssembly.Memory({ initial: MIN_PAGES, maximum });
  const grow = memory.grow.bind(memory);
  let failures = 0;
  memory.grow = (pages) => {
    try {
      const before = grow(pages);
      failures = 0;
      return before;
    } catch (ex) {
      if (++failures === GROW_ATTEMPTS) onexhausted();
      throw ex;
    }
  };
  return memory;
}
