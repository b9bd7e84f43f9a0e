// The isolate's own code: takes from the globals what isn't the language, then returns the one object by
// which the child computes. What it uses later it keeps by reference, since a job may change any global.
(function boot() {
  "use strict";
  const { parse, stringify } = JSON;
  const { apply, defineProperty, deleteProperty, ownKeys } = Reflect;
  const { slice } = String.prototype;
  const globalEval = eval;
  const toText = String;
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

  for (const name of ownKeys(globalThis)) {
    if (typeof name === "string" && !language.has(name) && !deleteProperty(globalThis, name)) {
      // A `var` of the host can't be deleted: only emptied.
      defineProperty(globalThis, name, { value: undefined, writable: false });
    }
  }
  globalEval("if (typeof __TimerManager !== 'undefined') __TimerManager = undefined;");

  // Nobody reads what a job writes here, but it need not fail for that.
  const silent = () => {};
  globalThis.console = { log: silent, info: silent, warn: silent, error: silent, debug: silent };

  // Private fields can't be forged: what a job throws is never taken for one of these.
  class Refusal {
    #kind;
    #message;

    constructor(kind, message) {
      this.#kind = kind;
      this.#message = message;
    }

    static read(ex) {
      const known = isObject(ex) && #kind in ex;
      return known ? Refusal.plain(ex.#kind, ex.#message) : Refusal.plain("threw", describe(ex));
    }

    static plain(kind, message) {
      return { __proto__: null, kind, message: apply(slice, message, [0, longestMessage]) };
    }
  }

  let job;
  let context = {};

  function isObject(value) {
    return (typeof value === "object" && value !== null) || typeof value === "function";
  }

  // What a job throws may be of any shape, and its text may throw in turn.
  function describe(ex) {
    try {
      return toText(ex);
    } catch {
      return "an error that can't be shown as text";
    }
  }

  function evaluate(source) {
    try {
      return globalEval("(" + source + "\n)");
    } catch (ex) {
      throw new Refusal("code", describe(ex));
    }
  }

  function prepare(source, startingContext) {
    job ??= evaluate(source);
    if (typeof job !== "function") throw new Refusal("code", "execute_function is no function");
    if (startingContext !== null) context = parse(startingContext);
    deleteProperty(context, "result");
  }

  function keep(returned) {
    if (returned === undefined) return;
    if (!isObject(returned)) {
      const shown = returned === null ? "null" : "a " + typeof returned;
      throw new Refusal("no-result", "execute_function returned " + shown + ", not the context");
    }
    context = returned;
  }

  function serialise(result) {
    if (result === undefined) throw new Refusal("no-result", "the context came back without a `result` field");
    const text = stringify(result);
    if (text === undefined) throw new Refusal("not-json", "the result, a " + typeof result + ", has no form in JSON");
    return text;
  }

  function bounded(text, limit) {
    if (text.length <= limit) return { __proto__: null, result: text };
    throw new Refusal("too-large", "the result takes " + text.length + " bytes, and " + limit + " are allowed");
  }

  async function answer(desk) {
    try {
      prepare(desk.source, desk.context);
      keep(await job(parse(desk.variable), context));
      desk.answer = stringify(bounded(serialise(context.result), desk.limit));
    } catch (ex) {
      desk.answer = stringify(Refusal.read(ex));
    }
  }

  // Python sets and gets plain fields of this object and calls without arguments: mini-racer passes arguments,
  // and awaits promises, by methods of prototypes that a job may have changed.
  const desk = { __proto__: null, source: "", variable: "", context: null, limit: 0, answer: null };
  desk.compute = function compute() {
    desk.answer = null;
    answer(desk);
  };
  return desk;
})();
