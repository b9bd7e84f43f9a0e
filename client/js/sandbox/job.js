// Runs beside a job in every host: deletes the globals that are not part of the language, computes the units of one
// job, and keeps its context between them. `additions` are globals beyond the language; `print` receives what the job
// prints to its console. The text of a script that a host evaluates, no module; its first arguments are serialiser.js
// and the functions of language.js and web-functions.js, which the hosts bind to it.
//
// A job may replace any global or prototype method of its realm. So the built-ins that are needed after it has run are
// captured here first, and no method is looked up later. All functions are strict, which hides them from a job's
// `arguments.callee.caller` and from V8's structured stack traces.
/**
 * @typedef {object} Serialiser
 * @property {(value: unknown, isLossy: boolean) => {text: string, fault?: string}} serialise
 * @property {(value: unknown) => value is object} isObject
 * @property {(value: unknown) => value is object} isData
 * @property {(value: unknown) => value is unknown[]} isList
 */
(function openJob(
  /** @type {Serialiser} */ serialiser,
  /** @type {Function} */ openLanguage,
  /** @type {Function} */ openWebFunctions,
  /** @type {Record<PropertyKey, unknown>} */ additions,
  /** @type {((text: string) => void) | undefined} */ print,
) {
  "use strict";
  const { serialise, isObject, isData, isList } = serialiser;
  const { random: hostRandom } = Math;
  const { random32, seedRandom } = openLanguage();
  const webFunctions = openWebFunctions(random32);
  const { parse, stringify } = JSON;
  const { apply, defineProperty, deleteProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
  const { indexOf, lastIndexOf, slice } = String.prototype;
  const { slice: sliceArray } = Array.prototype;
  const { isFinite } = Number;
  const { create } = Object;
  const { floor } = Math;
  const globalEval = eval;
  const toText = String;
  const root = Object.prototype;
  // In characters, as in reports to the pool.
  const maxMessage = 2000;
  const maxStack = 4000;
  const maxConsole = 10_000;
  // Lines of a unit that are printed at once, one by one: it may never end.
  const maxEagerLines = 100;
  // Of one printed object.
  const maxPrintedItems = 100;
  const maxPrintedValues = 1000;
  // As V8 and SpiderMonkey name the job's function in a stack, by a comment in its text, and as QuickJS does.
  const fileName = "execute_function.js";
  const quickJsFileName = "<input>";
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
  for (const name of ownKeys(webFunctions)) provide(name, webFunctions[name]);
  for (const name of ownKeys(additions)) provide(name, additions[name]);
  provide("console", { log, info: log, warn: log, error: log, debug: log });

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
    #stack;

    /** @param {string} kind @param {string} message @param {string} [stack] */
    constructor(kind, message, stack = "") {
      this.#kind = kind;
      this.#message = message;
      this.#stack = stack;
    }

    /** @param {any} ex */
    static read(ex) {
      const isOwn = isObject(ex) && #kind in ex;
      if (isOwn) return UnitError.plain(ex.#kind, ex.#message, ex.#stack);
      const text = describe(ex);
      return UnitError.plain("threw", text === "[object Object]" ? printable(ex) : text, stackOf(ex));
    }

    /** @param {string} kind @param {string} message @param {string} stack */
    static plain(kind, message, stack) {
      return { __proto__: null, kind, message: cut(message, maxMessage), stack: cut(stack, maxStack) };
    }
  }

  /** @type {any} */
  let job;
  // Continues from unit to unit; units with a starting context leave it unchanged.
  /** @type {any} */
  let savedContext = {};

  /** @param {string} text @param {number} length */
  function cut(text, length) {
    return apply(slice, text, [0, length]);
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

  // Without the frames of the host, which are below those of the job. A job may have replaced `stack` as well.
  /** @param {any} ex @returns {string} */
  function stackOf(ex) {
    try {
      const { stack } = ex;
      if (typeof stack !== "string") return "";
      // A browser's name for the host's frames is all of this text, which has the name too.
      const named = apply(lastIndexOf, stack, [fileName + ":"]);
      const last = named < 0 ? apply(lastIndexOf, stack, [quickJsFileName]) : named;
      if (last < 0) return "";
      const end = apply(indexOf, stack, ["\n", last]);
      return end < 0 ? stack : cut(stack, end);
    } catch {
      return "";
    }
  }

  // What the running unit has printed; nothing is kept between units.
  const output = { __proto__: null, isOpen: false, size: 0, lines: 0, rest: "" };

  function openOutput() {
    output.isOpen = print !== undefined;
    output.size = output.lines = 0;
    output.rest = "";
  }

  function closeOutput() {
    output.isOpen = false;
    try {
      if (output.rest !== "") print?.(output.rest);
    } catch {
      // As in `log`.
    }
  }

  // The console's methods. They never throw, since no job expects that of them.
  /** @param {...unknown} values */
  function log(...values) {
    if (!output.isOpen || output.size >= maxConsole) return;
    try {
      write(lineOf(values));
    } catch {
      // Too deep in calls, for example.
    }
  }

  /** @param {string} line */
  function write(line) {
    const text = cut(line, maxConsole - output.size);
    output.size += text.length;
    output.lines += 1;
    if (output.lines <= maxEagerLines) print?.(text);
    else output.rest += text;
  }

  /** @param {unknown[]} values */
  function lineOf(values) {
    let line = "";
    for (let index = 0; index < values.length && line.length < maxConsole; index += 1) {
      line += (index > 0 ? " " : "") + printable(values[index]);
    }
    return line + "\n";
  }

  // Objects as JSON where that is possible. Large ones are shortened: printing must not cost more than computing.
  /** @param {unknown} value */
  function printable(value) {
    let count = 0;
    try {
      if (isData(value)) {
        return stringify(value, (_, part) => ((count += 1) > maxPrintedValues ? undefined : shortened(part)));
      }
    } catch {
      // A circle, for example, or a getter that throws.
    }
    return cut(describe(value), maxConsole);
  }

  /** @param {unknown} part of a printed object */
  function shortened(part) {
    if (isList(part)) return apply(sliceArray, part, [0, maxPrintedItems]);
    const isPlain = isData(part) || part === null || typeof part === "boolean" || isFinite(part);
    return isPlain ? part : cut(describe(part), maxConsole);
  }

  /** @param {string} source */
  function evaluate(source) {
    try {
      return globalEval("(" + source + "\n)\n//# sourceURL=" + fileName);
    } catch (ex) {
      throw new UnitError("code", describe(ex), stackOf(ex));
    }
  }

  // Not enumerable, so that it is no part of copies. A `seed` of the flow's or the job's own stays.
  /** @param {unknown} context @param {number} seed */
  function provideSeed(context, seed) {
    if (!isObject(context) || getOwnPropertyDescriptor(context, "seed")?.enumerable) return;
    /** @type {PropertyDescriptor} */
    const descriptor = create(null);
    descriptor.value = seed;
    descriptor.writable = descriptor.configurable = true;
    defineProperty(context, "seed", descriptor);
  }

  /** @param {string} source */
  function prepare(source) {
    // Code outside the function runs once per worker, in whichever unit comes first: not with that unit's seed.
    if (job === undefined) seedRandom(0);
    job ??= evaluate(source);
    if (typeof job !== "function") throw new UnitError("code", "execute_function is not a function, but " + typeof job);
  }

  // A starting context keeps its `result`: in a flow the unit continues from it.
  /** @param {string | null} startingContext @param {number} seed */
  function contextOf(startingContext, seed) {
    const context = startingContext === null ? savedContext : parse(startingContext);
    if (startingContext === null) deleteProperty(context, "result");
    provideSeed(context, seed);
    return context;
  }

  /** @param {unknown} returned @param {unknown} given */
  function returnedContext(returned, given) {
    if (returned === undefined) return given;
    if (isObject(returned)) return returned;
    const shown = cut(describe(returned), 40);
    const what = returned === null ? shown : "a " + typeof returned + " (" + shown + ")";
    const message = "execute_function returned " + what + " instead of an object with a `result` field";
    throw new UnitError("no-result", message);
  }

  /** @param {unknown} returned @param {any} context */
  function resultOf(returned, context) {
    const { result } = context;
    if (result !== undefined) return result;
    const where = returned === undefined ? "returned nothing, and left the context " : "returned an object ";
    const what = "result" in context ? "with `result` undefined" : "without a `result` field";
    throw new UnitError("no-result", "execute_function " + where + what);
  }

  /** @param {unknown} result @param {boolean} isLossy */
  function jsonOf(result, isLossy) {
    const { text, fault } = serialise(result, isLossy);
    if (fault !== undefined) throw new UnitError("not-json", "result" + fault);
    return text;
  }

  /** @param {string} text @param {number} limit */
  function bounded(text, limit) {
    if (text.length <= limit) return { __proto__: null, result: text };
    const message = "result too large: " + text.length + " characters of JSON (at most " + limit + ")";
    throw new UnitError("too-large", message);
  }

  /**
   * Calls `done` once with `{result}` (JSON text) or `{kind, message, stack}`, and the unit's context; before that
   * `print` with what the job prints. Callbacks rather than a promise, whose `then` the job could replace.
   * @param {string} source of the job's function
   * @param {string} variable JSON text
   * @param {string | null} startingContext JSON text, for this unit only; null: the saved context continues
   * @param {boolean} isLossy the job's setting `lossy`: what JSON loses is lost
   * @param {number} limit of a result, in characters
   * @param {(response: object, context: unknown) => void} done
   * @param {number} [seed] of the unit's random numbers; without one (an older page) any
   */
  async function compute(
    source,
    variable,
    startingContext,
    isLossy,
    limit,
    done,
    seed = floor(hostRandom() * 2 ** 53),
  ) {
    let response;
    /** @type {any} */
    let context;
    openOutput();
    try {
      prepare(source);
      context = contextOf(startingContext, seed);
      seedRandom(seed);
      const returned = await job(parse(variable), context);
      context = returnedContext(returned, context);
      if (startingContext === null) savedContext = context;
      response = bounded(jsonOf(resultOf(returned, context), isLossy), limit);
    } catch (ex) {
      response = UnitError.read(ex);
    }
    closeOutput();
    done(response, context);
  }

  return compute;
})
