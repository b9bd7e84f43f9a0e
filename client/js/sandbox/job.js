// Runs beside a job in every host: deletes the globals that are not part of the language, computes the units of one
// job, and keeps its context between them. `additions` are globals beyond the language; `print` receives what the job
// prints to its console. The text of a script that a host evaluates, no module.
//
// A job may replace any global or prototype method of its realm. So the built-ins that are needed after it has run are
// captured here first, and no method is looked up later. All functions are strict, which hides them from a job's
// `arguments.callee.caller` and from V8's structured stack traces.
(function openJob(
  /** @type {Record<PropertyKey, unknown>} */ additions,
  /** @type {((text: string) => void) | undefined} */ print,
) {
  "use strict";
  const { parse, stringify } = JSON;
  const { apply, defineProperty, deleteProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
  const { indexOf, lastIndexOf, slice } = String.prototype;
  const { slice: sliceArray } = Array.prototype;
  const { isArray } = Array;
  const { isView } = ArrayBuffer;
  const { isFinite } = Number;
  const { exec } = RegExp.prototype;
  const { toString: tag } = Object.prototype;
  const globalEval = eval;
  const toText = String;
  const root = Object.prototype;
  // In characters, as in reports to the pool.
  const maxMessage = 2000;
  const maxStack = 4000;
  const maxConsole = 10_000;
  const maxPath = 150;
  // Lines of a unit that are printed at once, one by one: it may never end.
  const maxEagerLines = 100;
  // Of one printed object.
  const maxPrintedItems = 100;
  const maxPrintedValues = 1000;
  const identifier = /^[a-z_$][\w$]*$/i;
  const loneSurrogate = /[\ud800-\udfff]/u;
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

  /** @param {unknown} value @returns {value is object} */
  function isObject(value) {
    return (typeof value === "object" && value !== null) || typeof value === "function";
  }

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

  // Whether JSON represents an object as what it is.
  /** @param {unknown} value @returns {value is object} */
  function isData(value) {
    return isObject(value) && typeof value !== "function" && faultOf(value, false) === undefined;
  }

  // Arrays, and typed arrays.
  /** @param {unknown} value @returns {value is unknown[]} */
  function isList(value) {
    return isArray(value) || (isView(value) && isData(value));
  }

  /** @param {string} source */
  function evaluate(source) {
    try {
      return globalEval("(" + source + "\n)\n//# sourceURL=" + fileName);
    } catch (ex) {
      throw new UnitError("code", describe(ex), stackOf(ex));
    }
  }

  /** @param {string} source */
  function prepare(source) {
    job ??= evaluate(source);
    if (typeof job !== "function") throw new UnitError("code", "execute_function is not a function, but " + typeof job);
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

  /** @typedef {{__proto__: null, object: unknown, key: string, isItem: boolean, up: Place | null}} Place of a value */
  // By `typeof`, or by the tag of an object.
  /** @type {any} */
  const faults = {
    __proto__: null,
    undefined: faultIn("undefined", "use null"),
    function: faultIn("a function", "call it, or leave it out"),
    symbol: faultIn("a symbol", "use a text"),
    bigint: faultIn("a BigInt", "use Number() or String()"),
    surrogate: "has half a surrogate pair, which JSON cannot represent: use toWellFormed()",
    "[object Map]": faultIn("a Map", "use Object.fromEntries() or Array.from()"),
    "[object Set]": faultIn("a Set", "use Array.from()"),
    "[object WeakMap]": faultIn("a WeakMap", "leave it out"),
    "[object WeakSet]": faultIn("a WeakSet", "leave it out"),
    "[object Promise]": faultIn("a Promise", "await it"),
    "[object Error]": faultIn("an Error", "use String()"),
    "[object RegExp]": faultIn("a RegExp", "use String()"),
    "[object ArrayBuffer]": faultIn("an ArrayBuffer", "use a typed array"),
    "[object SharedArrayBuffer]": faultIn("a SharedArrayBuffer", "use a typed array"),
    "[object DataView]": faultIn("a DataView", "use a typed array"),
  };

  // Of NaN, Map, typed arrays and half a surrogate pair in JSON.
  const traces = ["null", "{}", '{"0":', "\\ud"];

  /** @param {unknown} result @returns {string} */
  function serialise(result) {
    try {
      const text = stringify(result);
      if (!mayHideLoss(text)) return text;
    } catch {
      // A BigInt, for example. The examination tells where.
    }
    return examined(result);
  }

  // Whether a value may have become another one in a JSON text. A few searches, since an examination takes a hundred
  // times as long as the text itself.
  /** @param {string | undefined} text */
  function mayHideLoss(text) {
    if (text === undefined) return true;
    for (let index = 0; index < traces.length; index += 1) {
      if (apply(indexOf, text, [traces[index]]) >= 0) return true;
    }
    return false;
  }

  // The JSON text; where a value would be lost or changed, that is an error which names its place.
  /** @param {unknown} result @returns {string} */
  function examined(result) {
    /** @type {Place | null} */
    let around = null;
    /** @this {unknown} @param {string} key @param {unknown} value */
    function examine(key, value) {
      // JSON is written depth first: `this`, which holds the value, is the last object or one around it.
      while (around !== null && around.object !== this) around = around.up;
      /** @type {Place} */
      const place = { __proto__: null, object: value, key, isItem: isArray(this), up: around };
      const fault = faultOf(value, place.isItem || around === null) ?? faultOfKey(place) ?? circleAt(place);
      if (fault !== undefined) throw new UnitError("not-json", pathOf(place) + " " + fault);
      if (isView(value)) place.object = apply(sliceArray, value, []);
      if (isObject(value)) around = place;
      return place.object;
    }
    return stringify(result, examine);
  }

  // Why JSON can't represent a value, or undefined. Members of objects may be undefined or functions, which leaves them
  // out. `isNeeded`: this value may not.
  /** @param {unknown} value @param {boolean} [isNeeded] @returns {string | undefined} */
  function faultOf(value, isNeeded = false) {
    if (value === null || typeof value === "boolean") return undefined;
    if (typeof value === "object") return faults[apply(tag, value, [])];
    if (typeof value === "string") return apply(exec, loneSurrogate, [value]) === null ? undefined : faults.surrogate;
    if (typeof value === "number") return isFinite(value) ? undefined : faultIn(toText(value), "use null or a text");
    return isNeeded || typeof value === "bigint" ? faults[typeof value] : undefined;
  }

  /** @param {Place} place */
  function faultOfKey({ key, isItem }) {
    return isItem ? undefined : faultOf(key);
  }

  /** @param {string} what @param {string} remedy */
  function faultIn(what, remedy) {
    return "is " + what + ", which JSON cannot represent: " + remedy;
  }

  /** @param {Place} place */
  function circleAt({ object, up }) {
    for (let place = isObject(object) ? up : null; place !== null; place = place.up) {
      if (place.object === object) return faultIn("an object around itself", "leave it out");
    }
    return undefined;
  }

  /** @param {Place} place */
  function pathOf(place) {
    let path = "";
    for (let at = place; at.up !== null; at = at.up) path = segmentOf(at) + path;
    return "result" + (path.length > maxPath ? "…" + apply(slice, path, [-maxPath]) : path);
  }

  /** @param {Place} place */
  function segmentOf({ key, isItem }) {
    if (isItem) return "[" + key + "]";
    return apply(exec, identifier, [key]) === null ? "[" + stringify(key) + "]" : "." + key;
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
   * @param {number} limit of a result, in characters
   * @param {(response: object, context: unknown) => void} done
   */
  async function compute(source, variable, startingContext, limit, done) {
    let response;
    /** @type {any} */
    let context;
    openOutput();
    try {
      prepare(source);
      context = contextOf(startingContext);
      const returned = await job(parse(variable), context);
      context = returnedContext(returned, context);
      if (startingContext === null) savedContext = context;
      response = bounded(serialise(resultOf(returned, context)), limit);
    } catch (ex) {
      response = UnitError.read(ex);
    }
    closeOutput();
    done(response, context);
  }

  return compute;
})
