// Runs beside a job in every host: deletes the globals that are not part of the language, computes the units of one
// job, and keeps its context between them. `additions` are globals beyond the language. The text of a script that a
// host evaluates, no module.
//
// A job may replace any global or prototype method of its realm. So the built-ins that are needed after it has run are
// captured here first, and no method is looked up later. All functions are strict, which hides them from a job's
// `arguments.callee.caller` and from V8's structured stack traces.
(function openJob(/** @type {Record<PropertyKey, unknown>} */ additions) {
  "use strict";
  const { parse, stringify } = JSON;
  const { apply, defineProperty, deleteProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
  const { slice } = String.prototype;
  const globalEval = eval;
  const toText = String;
  const root = Object.prototype;
  const maxMessage = 500;
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

  // Some of a worker's globals are properties of its prototypes.
  /** @type {object | null} */
  let holder = globalThis;
  while (holder !== null && holder !== root) {
    for (const name of ownKeys(holder)) {
      if (typeof name === "string" && !language.has(name)) remove(holder, name);
    }
    holder = getPrototypeOf(holder);
  }
  for (const name of ownKeys(additions)) provide(name, additions[name]);
  // Jobs that log must not fail for it.
  const silent = () => {};
  provide("console", { log: silent, info: silent, warn: silent, error: silent, debug: silent });

  /** @param {object} holder @param {string} name */
  function remove(holder, name) {
    // A `var` of the host can't be deleted, only overwritten.
    if (deleteProperty(holder, name) || getOwnPropertyDescriptor(holder, name) === undefined) return;
    defineProperty(holder, name, { value: undefined, writable: false });
  }

  /** @param {PropertyKey} name @param {unknown} value */
  function provide(name, value) {
    defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }

  // Private fields can't be forged: no value thrown by a job counts as one of these.
  class UnitError {
    #kind;
    #message;

    /** @param {string} kind @param {string} message */
    constructor(kind, message) {
      this.#kind = kind;
      this.#message = message;
    }

    /** @param {any} ex */
    static read(ex) {
      const isOwn = isObject(ex) && #kind in ex;
      return isOwn ? UnitError.plain(ex.#kind, ex.#message) : UnitError.plain("threw", describe(ex));
    }

    /** @param {string} kind @param {string} message */
    static plain(kind, message) {
      return { __proto__: null, kind, message: apply(slice, message, [0, maxMessage]) };
    }
  }

  /** @type {any} */
  let job;
  // Continues from unit to unit; units with a starting context leave it unchanged.
  /** @type {any} */
  let savedContext = {};

  /** @param {unknown} value */
  function isObject(value) {
    return (typeof value === "object" && value !== null) || typeof value === "function";
  }

  // A job may throw any value, and its `toString` may throw too.
  /** @param {unknown} ex */
  function describe(ex) {
    try {
      return toText(ex);
    } catch {
      return "an error without a text";
    }
  }

  /** @param {string} source */
  function evaluate(source) {
    try {
      return globalEval("(" + source + "\n)");
    } catch (ex) {
      throw new UnitError("code", describe(ex));
    }
  }

  /** @param {string} source */
  function prepare(source) {
    job ??= evaluate(source);
    if (typeof job !== "function") throw new UnitError("code", "execute_function is not a function");
  }

  // A starting context keeps its `result`: in a flow the unit continues from it.
  /** @param {string | null} startingContext */
  function contextOf(startingContext) {
    if (startingContext !== null) return parse(startingContext);
    deleteProperty(savedContext, "result");
    return savedContext;
  }

  /** @param {unknown} returned @param {unknown} given */
  function returnedContext(returned, given) {
    if (returned === undefined) return given;
    if (isObject(returned)) return returned;
    const shown = returned === null ? "null" : "a " + typeof returned;
    throw new UnitError("no-result", "execute_function returned " + shown + " instead of the context");
  }

  /** @param {unknown} result */
  function serialise(result) {
    if (result === undefined) {
      throw new UnitError("no-result", "execute_function returned a context without a `result` field");
    }
    const text = stringify(result);
    if (text !== undefined) return text;
    throw new UnitError("not-json", "the result, a " + typeof result + ", is not representable as JSON");
  }

  /** @param {string} text @param {number} limit */
  function bounded(text, limit) {
    if (text.length <= limit) return { __proto__: null, result: text };
    throw new UnitError("too-large", "result too large: " + text.length + " characters (at most " + limit + ")");
  }

  /**
   * Calls `done` once with `{result}` (JSON text) or `{kind, message}`, and the unit's context. A callback rather than
   * a promise, whose `then` the job could replace.
   * @param {string} source of the job's function
   * @param {string} variable JSON text
   * @param {string | null} startingContext JSON text, for this unit only; null: the saved context continues
   * @param {number} limit of a result, in characters
   * @param {(response: object, context: unknown) => void} done
   */
  async function compute(source, variable, startingContext, limit, done) {
    let response;
    /** @type {any} */
    let context;
    try {
      prepare(source);
      context = contextOf(startingContext);
      context = returnedContext(await job(parse(variable), context), context);
      if (startingContext === null) savedContext = context;
      response = bounded(serialise(context.result), limit);
    } catch (ex) {
      response = UnitError.read(ex);
    }
    done(response, context);
  }

  return compute;
})
