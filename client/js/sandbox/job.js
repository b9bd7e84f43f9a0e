// What runs beside a job, in every host: takes from the globals all that isn't the language, then computes units of
// the one job that lives here, and keeps its context between them. `additions` are globals beyond the language. It is
// text that a host evaluates, not a module.
//
// A job may change any object of its realm, so that what is used later is kept by reference, and nothing here calls
// what a job could have replaced. Everything is strict: of strict functions a stack trace shows no more than names.
(function openJob(/** @type {Record<PropertyKey, unknown>} */ additions) {
  "use strict";
  const { parse, stringify } = JSON;
  const { apply, defineProperty, deleteProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
  const { slice } = String.prototype;
  const globalEval = eval;
  const toText = String;
  const root = Object.prototype;
  const longestMessage = 500;
  const language = new Set([
    "globalThis", "Infinity", "NaN", "undefined", "eval", "isFinite", "isNaN", "parseFloat", "parseInt",
    "decodeURI", "decodeURIComponent", "encodeURI", "encodeURIComponent", "escape", "unescape",
    "AggregateError", "Array", "ArrayBuffer", "AsyncDisposableStack", "Atomics", "BigInt", "BigInt64Array",
    "BigUint64Array", "Boolean", "DataView", "Date", "DisposableStack", "Error", "EvalError",
    "FinalizationRegistry", "Float16Array", "Float32Array", "Float64Array", "Function", "Int16Array",
    "Int32Array", "Int8Array", "Intl", "Iterator", "JSON", "Map", "Math", "Number", "Object", "Promise",
    "Proxy", "RangeError", "ReferenceError", "Reflect", "RegExp", "Set", "SharedArrayBuffer", "String",
    "SuppressedError", "Symbol", "SyntaxError", "Temporal", "TypeError", "URIError", "Uint16Array",
    "Uint32Array", "Uint8Array", "Uint8ClampedArray", "WeakMap", "WeakRef", "WeakSet", "WebAssembly",
  ]);

  // A worker's globals stand on its prototypes, too.
  for (let holder = /** @type {object | null} */ (globalThis); holder !== null && holder !== root; holder = getPrototypeOf(holder)) {
    for (const name of ownKeys(holder)) {
      if (typeof name === "string" && !language.has(name)) remove(holder, name);
    }
  }
  for (const name of ownKeys(additions)) provide(name, additions[name]);
  // Nobody reads what a job writes here, but it need not fail for that.
  const silent = () => {};
  provide("console", { log: silent, info: silent, warn: silent, error: silent, debug: silent });

  /** @param {object} holder @param {string} name */
  function remove(holder, name) {
    // A `var` of the host can't be deleted: only emptied.
    if (deleteProperty(holder, name) || getOwnPropertyDescriptor(holder, name) === undefined) return;
    defineProperty(holder, name, { value: undefined, writable: false });
  }

  /** @param {PropertyKey} name @param {unknown} value */
  function provide(name, value) {
    defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }

  // Private fields can't be forged: what a job throws is never taken for one of these.
  class Refusal {
    #kind;
    #message;

    /** @param {string} kind @param {string} message */
    constructor(kind, message) {
      this.#kind = kind;
      this.#message = message;
    }

    /** @param {any} ex */
    static read(ex) {
      const known = isObject(ex) && #kind in ex;
      return known ? Refusal.plain(ex.#kind, ex.#message) : Refusal.plain("threw", describe(ex));
    }

    /** @param {string} kind @param {string} message */
    static plain(kind, message) {
      return { __proto__: null, kind, message: apply(slice, message, [0, longestMessage]) };
    }
  }

  /** @type {any} */
  let job;
  // Goes on from one unit to the next, past those that begin with a context of their own.
  /** @type {any} */
  let kept = {};

  /** @param {unknown} value */
  function isObject(value) {
    return (typeof value === "object" && value !== null) || typeof value === "function";
  }

  // What a job throws may be of any shape, and its text may throw in turn.
  /** @param {unknown} ex */
  function describe(ex) {
    try {
      return toText(ex);
    } catch {
      return "an error that can't be shown as text";
    }
  }

  /** @param {string} source */
  function evaluate(source) {
    try {
      return globalEval("(" + source + "\n)");
    } catch (ex) {
      throw new Refusal("code", describe(ex));
    }
  }

  /** @param {string} source */
  function prepare(source) {
    job ??= evaluate(source);
    if (typeof job !== "function") throw new Refusal("code", "execute_function is no function");
  }

  // A starting context is given as it is: a result in it is what the unit goes on from.
  /** @param {string | null} startingContext */
  function begin(startingContext) {
    if (startingContext !== null) return parse(startingContext);
    deleteProperty(kept, "result");
    return kept;
  }

  /** @param {unknown} returned @param {unknown} given */
  function choose(returned, given) {
    if (returned === undefined) return given;
    if (isObject(returned)) return returned;
    const shown = returned === null ? "null" : "a " + typeof returned;
    throw new Refusal("no-result", "execute_function returned " + shown + ", not the context");
  }

  /** @param {unknown} result */
  function serialise(result) {
    if (result === undefined) throw new Refusal("no-result", "the context came back without a `result` field");
    const text = stringify(result);
    if (text === undefined) throw new Refusal("not-json", "the result, a " + typeof result + ", has no form in JSON");
    return text;
  }

  /** @param {string} text @param {number} limit */
  function bounded(text, limit) {
    if (text.length <= limit) return { __proto__: null, result: text };
    throw new Refusal("too-large", "the result takes " + text.length + " bytes, and " + limit + " are allowed");
  }

  /**
   * Calls `done` once with `{result}` (JSON text) or `{kind, message}`, and the unit's context. It is no promise that
   * tells the host: how one is waited for is for the job to change.
   * @param {string} source of the job's function
   * @param {string} variable JSON text
   * @param {string | null} startingContext JSON text, for this unit alone; null: the kept one goes on
   * @param {number} limit of a result, in characters
   * @param {(answer: object, context: unknown) => void} done
   */
  async function compute(source, variable, startingContext, limit, done) {
    let answer;
    /** @type {any} */
    let context;
    try {
      prepare(source);
      context = begin(startingContext);
      context = choose(await job(parse(variable), context), context);
      if (startingContext === null) kept = context;
      answer = bounded(serialise(context.result), limit);
    } catch (ex) {
      answer = Refusal.read(ex);
    }
    done(answer, context);
  }

  return compute;
})
