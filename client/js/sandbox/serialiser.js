// The JSON text of a value that a job's function returned, without losing anything in silence. It runs beside the
// function, at volunteers and on the server, before whose code it captures the built-ins. The text of a script that a
// host evaluates, no module.
(function openSerialiser() {
  "use strict";
  const { stringify } = JSON;
  const { apply } = Reflect;
  const { indexOf, slice } = String.prototype;
  const { slice: sliceArray } = Array.prototype;
  const { isArray } = Array;
  const { keys } = Object;
  const { isView } = ArrayBuffer;
  const { isFinite } = Number;
  const { exec } = RegExp.prototype;
  const { toString: tag } = Object.prototype;
  const { getTime, toJSON: dateToJson } = Date.prototype;
  const toText = String;
  // In characters.
  const maxPath = 150;
  const identifier = /^[a-z_$][\w$]*$/i;
  const loneSurrogate = /[\ud800-\udfff]/u;
  // By the tag of an object which stands for a primitive.
  /** @type {any} */
  const valueOf = {
    __proto__: null,
    "[object Number]": Number.prototype.valueOf,
    "[object String]": String.prototype.valueOf,
    "[object Boolean]": Boolean.prototype.valueOf,
    "[object BigInt]": BigInt.prototype.valueOf,
    "[object Symbol]": Symbol.prototype.valueOf,
  };
  // Objects whose data JSON has, even where they are empty. Typed arrays are others.
  /** @type {any} */
  const dataTags = {
    __proto__: null,
    "[object Object]": true,
    "[object Array]": true,
    "[object Arguments]": true,
    "[object Date]": true,
  };

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

  // In JSON: of typed arrays, of half a surrogate pair.
  const objectTraces = ["{}", '{"0":'];
  const surrogateTrace = ["\\ud"];

  /**
   * The JSON text of a value; or a `fault`, the path and nature of what it would lose or change. Where the loss is
   * wanted (`isLossy`), only what JSON can't write at all is a fault. Throws what the value's own code throws.
   * @param {unknown} value
   * @param {boolean} isLossy
   * @returns {{__proto__: null, text: string, fault?: string}}
   */
  function serialise(value, isLossy) {
    try {
      const text = stringify(value);
      if (text !== undefined && isFaithful(text, value, isLossy)) return { __proto__: null, text };
    } catch {
      // A BigInt, for example. The examination tells where.
    }
    return examined(value, isLossy);
  }

  // Whether a text surely has all of its value: a few searches and a walk, which takes less time than the text itself,
  // while an examination takes many times as long.
  /** @param {string} text @param {unknown} value @param {boolean} isLossy */
  function isFaithful(text, value, isLossy) {
    if (hasTrace(text, surrogateTrace)) return false;
    return (isLossy && !hasTrace(text, objectTraces)) || isPlain(value);
  }

  /** @param {string} text @param {string[]} traces */
  function hasTrace(text, traces) {
    for (let index = 0; index < traces.length; index += 1) {
      if (apply(indexOf, text, [traces[index]]) >= 0) return true;
    }
    return false;
  }

  // Whether a value is surely one that JSON has. It has no circles, since there is a text of it.
  /** @param {any} value @returns {boolean} */
  function isPlain(value) {
    if (typeof value === "number") return isFinite(value);
    if (typeof value !== "object") return typeof value === "string" || typeof value === "boolean";
    if (value === null) return true;
    if (typeof value.toJSON === "function") return false;
    return isArray(value) ? hasPlainItems(value) : hasPlainMembers(value);
  }

  /** @param {unknown[]} list */
  function hasPlainItems(list) {
    for (let index = 0; index < list.length; index += 1) {
      if (!isPlain(list[index])) return false;
    }
    return true;
  }

  /** @param {any} object */
  function hasPlainMembers(object) {
    if (apply(tag, object, []) !== "[object Object]") return false;
    const names = keys(object);
    for (let index = 0; index < names.length; index += 1) {
      const member = object[names[index]];
      if (member !== undefined && !isPlain(member)) return false;
    }
    return true;
  }

  /** @param {unknown} value @param {boolean} isLossy @returns {{__proto__: null, text: string, fault?: string}} */
  function examined(value, isLossy) {
    /** @type {string | undefined} */
    let fault;
    /** @type {Place | null} */
    let around = null;
    /** @type {Place | null} */
    let last = null;
    /** @this {unknown} @param {string} key @param {unknown} value */
    function examine(key, value) {
      // JSON is written depth first: `this`, which holds the value, is the last object or one around it.
      while (around !== null && around.object !== this) around = around.up;
      /** @type {Place} */
      const place = { __proto__: null, object: value, key, isItem: isArray(this), up: around };
      last = place;
      fault = value === null && !isLossy ? faultOfNull(place, this) : faultAt(place, isLossy);
      // Ends `stringify`: what is thrown doesn't matter.
      if (fault !== undefined) throw fault;
      if (isView(value) && apply(tag, value, []) !== "[object DataView]") place.object = apply(sliceArray, value, []);
      if (isObject(value)) around = place;
      return place.object;
    }
    try {
      return { __proto__: null, text: stringify(value, examine) };
    } catch (ex) {
      // `stringify` itself ends at the first object around itself: to look for one at each object would take time that
      // grows with the square of the depth.
      fault ??= faultOfCircle(last);
      if (fault === undefined) throw ex;
      return { __proto__: null, text: "", fault };
    }
  }

  /** @param {Place} place @param {boolean} isLossy */
  function faultAt(place, isLossy) {
    const { object, isItem, up } = place;
    const fault = faultOf(object, (isItem && !isLossy) || up === null, isLossy) ?? faultOfKey(place);
    return fault === undefined ? undefined : pathOf(place) + " " + fault;
  }

  // `Date.prototype.toJSON` writes null for an invalid Date.
  /** @param {Place} place @param {any} holder */
  function faultOfNull(place, holder) {
    const fault = isInvalidDate(holder[place.key]) ? faultIn("an invalid Date", "use null or a text") : undefined;
    return fault === undefined ? faultAt(place, false) : pathOf(place) + " " + fault;
  }

  /** @param {any} value */
  function isInvalidDate(value) {
    const isDate = isObject(value) && apply(tag, value, []) === "[object Date]";
    return isDate && /** @type {any} */ (value).toJSON === dateToJson && !isFinite(apply(getTime, value, []));
  }

  // Why JSON can't represent a value, or undefined. Members of objects may be undefined or functions, which leaves them
  // out. `isNeeded`: this value may not.
  /** @param {unknown} value @param {boolean} isNeeded @param {boolean} isLossy @returns {string | undefined} */
  function faultOf(value, isNeeded, isLossy) {
    if (value === null || typeof value === "boolean") return undefined;
    if (typeof value === "object") return faultOfObject(value, isLossy);
    // The pool refuses one too.
    if (typeof value === "string") return apply(exec, loneSurrogate, [value]) === null ? undefined : faults.surrogate;
    if (typeof value !== "number") return isNeeded || typeof value === "bigint" ? faults[typeof value] : undefined;
    return isLossy || isFinite(value) ? undefined : faultIn(toText(value), "use null or a text");
  }

  /** @param {object} object @param {boolean} isLossy @returns {string | undefined} */
  function faultOfObject(object, isLossy) {
    const kind = apply(tag, object, []);
    const primitive = primitiveOf(object, kind);
    if (primitive !== object) return faultOf(primitive, !isLossy, isLossy);
    if (isLossy || faults[kind] !== undefined) return isLossy ? undefined : faults[kind];
    // An iterator, for example: JSON has nothing of it.
    const isEmpty = !dataTags[kind] && !isView(object) && keys(object).length === 0;
    return isEmpty ? faultIn(kind, "copy its data into an object or array") : undefined;
  }

  // JSON has of `new Number(NaN)` what it has of NaN.
  /** @param {object} object @param {string} kind @returns {unknown} */
  function primitiveOf(object, kind) {
    try {
      return valueOf[kind] === undefined ? object : apply(valueOf[kind], object, []);
    } catch {
      // An object of another kind, which has only the tag.
      return object;
    }
  }

  /** @param {Place} place */
  function faultOfKey({ key, isItem }) {
    return isItem ? undefined : faultOf(key, false, true);
  }

  /** @param {string} what @param {string} remedy */
  function faultIn(what, remedy) {
    return "is " + what + ", which JSON cannot represent: " + remedy;
  }

  /** @param {Place | null} place */
  function faultOfCircle(place) {
    let around = place === null || !isObject(place.object) ? null : place.up;
    while (around !== null && around.object !== place?.object) around = around.up;
    if (place === null || around === null) return undefined;
    return pathOf(place) + " " + faultIn("an object around itself", "leave it out");
  }

  /** @param {Place} place */
  function pathOf(place) {
    let path = "";
    for (let at = place; at.up !== null; at = at.up) path = segmentOf(at) + path;
    return path.length > maxPath ? "…" + apply(slice, path, [-maxPath]) : path;
  }

  /** @param {Place} place */
  function segmentOf({ key, isItem }) {
    if (isItem) return "[" + key + "]";
    return apply(exec, identifier, [key]) === null ? "[" + stringify(key) + "]" : "." + key;
  }

  /** @param {unknown} value @returns {value is object} */
  function isObject(value) {
    return (typeof value === "object" && value !== null) || typeof value === "function";
  }

  // Whether JSON represents an object as what it is.
  /** @param {unknown} value @returns {value is object} */
  function isData(value) {
    return isObject(value) && typeof value !== "function" && faultOf(value, false, false) === undefined;
  }

  // Arrays, and typed arrays.
  /** @param {unknown} value @returns {value is unknown[]} */
  function isList(value) {
    return isArray(value) || (isView(value) && isData(value));
  }

  return { __proto__: null, serialise, isObject, isData, isList };
})
