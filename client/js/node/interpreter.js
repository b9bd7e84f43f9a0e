// QuickJS in WebAssembly with one job in it. The job's code is given nothing of Node: no function, module, or global.
import { readFileSync } from "node:fs";
import variant from "@jitl/quickjs-wasmfile-release-sync";
import { newQuickJSWASMModuleFromVariant, newVariant } from "quickjs-emscripten-core";

/** @typedef {import("quickjs-emscripten-core").QuickJSContext} QuickJSContext */
/** @typedef {import("quickjs-emscripten-core").QuickJSSyncVariant} QuickJSSyncVariant */
/** @typedef {{source: string, variable: string, context: string | null}} Unit */
/** @typedef {{result: string} | {kind: string, message: string}} Answer */

// Its types are those of its CommonJS form.
const VARIANT = /** @type {QuickJSSyncVariant} */ (/** @type {unknown} */ (variant));
const PAGES_OF_A_MEBIBYTE = 16;
/** What QuickJS begins with, and the most that it was built for. */
const FEWEST_PAGES = 256;
const MOST_PAGES = 32768;
/** So often its allocator asks for more before it says that there is none: for some spare, for less, for the least. */
const ATTEMPTS_TO_GROW = 3;
/** Of QuickJS's own stack: some five thousand calls, half of what V8 allows. */
const STACK_BYTES = 1 << 20;
/** Steps of promises between two looks at whether the answer is there. */
const STEPS = 1000;

const OPEN_JOB = readFileSync(new URL("../sandbox/job.js", import.meta.url), "utf8");
// The answer is left on a desk rather than handed to a function of Node's.
const DESK = `((openJob) => {
  "use strict";
  const { stringify } = JSON;
  const compute = openJob({ __proto__: null });
  const desk = { __proto__: null, answer: undefined };
  desk.compute = (source, variable, context, limit) => {
    desk.answer = undefined;
    compute(source, variable, context, limit, (answer) => {
      desk.answer = stringify(answer);
    });
  };
  return desk;
})`;

export class Interpreter {
  #context;
  #limit;
  #desk;
  #compute;

  /**
   * @param {object} options
   * @param {number} options.memoryMb of QuickJS altogether
   * @param {number} options.resultBytes longest result
   * @param {() => void} options.onpoll called now and then while a job runs
   * @param {() => never} options.onexhausted called where it wants more memory than it may have
   */
  static async open({ memoryMb, resultBytes, onpoll, onexhausted }) {
    const wasmMemory = boundedMemory(memoryMb, onexhausted);
    const module = await newQuickJSWASMModuleFromVariant(newVariant(VARIANT, { wasmMemory }));
    const runtime = module.newRuntime({ maxStackSizeBytes: STACK_BYTES });
    runtime.setInterruptHandler(() => {
      onpoll();
      return false;
    });
    return new Interpreter(runtime.newContext(), resultBytes);
  }

  /** @param {QuickJSContext} context @param {number} limit */
  constructor(context, limit) {
    this.#context = context;
    this.#limit = context.newNumber(limit);
    const [openDesk, openJob] = [DESK, OPEN_JOB].map((text) => context.unwrapResult(context.evalCode(text)));
    this.#desk = context.unwrapResult(context.callFunction(openDesk, context.undefined, openJob));
    this.#compute = context.getProp(this.#desk, "compute");
  }

  /**
   * The answer to a unit; undefined where its promise can't settle any more. What it throws leaves the interpreter in a
   * state in which it must not be used again.
   * @param {Unit} unit
   * @returns {Answer | undefined}
   */
  compute({ source, variable, context }) {
    this.#begin([source, variable, context]);
    const { runtime } = this.#context;
    for (;;) {
      const text = this.#answer();
      if (text !== undefined) return JSON.parse(text);
      if (!runtime.hasPendingJob()) return undefined;
      // Not unwrapped: what fails in a promise's step, fails there.
      runtime.executePendingJobs(STEPS).dispose();
    }
  }

  /** @param {(string | null)[]} texts */
  #begin(texts) {
    const quick = this.#context;
    const values = texts.map((text) => (text === null ? quick.null : quick.newString(text)));
    quick.unwrapResult(quick.callFunction(this.#compute, quick.undefined, ...values, this.#limit)).dispose();
    for (const value of values) value.dispose();
  }

  #answer() {
    const answer = this.#context.getProp(this.#desk, "answer");
    const text = this.#context.typeof(answer) === "string" ? this.#context.getString(answer) : undefined;
    answer.dispose();
    return text;
  }
}

/**
 * A memory that ends its process where it would outgrow its bounds: what a program does once its allocations fail is
 * what is tested least in it.
 * @param {number} mebibytes
 * @param {() => never} onexhausted
 */
function boundedMemory(mebibytes, onexhausted) {
  const maximum = Math.min(Math.max(mebibytes * PAGES_OF_A_MEBIBYTE, FEWEST_PAGES), MOST_PAGES);
  const memory = new WebAssembly.Memory({ initial: FEWEST_PAGES, maximum });
  const grow = memory.grow.bind(memory);
  let refusals = 0;
  memory.grow = (pages) => {
    try {
      const former = grow(pages);
      refusals = 0;
      return former;
    } catch (ex) {
      if (++refusals === ATTEMPTS_TO_GROW) onexhausted();
      throw ex;
    }
  };
  return memory;
}
