// The pure functions of browsers that packages expect and no engine has: texts and bytes, base64, copies, random bytes.
// Written here, rather than a browser's own, so that all hosts have the same. The text of a function, no module.
// Returns the globals by name. `random32` makes random numbers of 32 bits.
(function openWebFunctions(/** @type {() => number} */ random32) {
  "use strict";
  const { defineProperty } = Object;

  const crypto = {
    /** @param {any} array */
    getRandomValues(array) {
      if (!ArrayBuffer.isView(array) || /^Float|^undefined/.test(String(/** @type {any} */ (array)[Symbol.toStringTag]))) {
        throw new DOMException("the argument is no integer array", "TypeMismatchError");
      }
      const { buffer, byteOffset, byteLength } = array;
      if (byteLength > 65536) throw new DOMException("more than 65536 bytes", "QuotaExceededError");
      const bytes = new Uint8Array(buffer, byteOffset, byteLength);
      for (let index = 0, bits = 0; index < byteLength; index += 1, bits >>>= 8) {
        if (index % 4 === 0) bits = random32();
        bytes[index] = bits;
      }
      return array;
    },
  };

  // ---- errors of the functions below

  const CODES = { InvalidCharacterError: 5, TypeMismatchError: 17, QuotaExceededError: 22, DataCloneError: 25 };

  class DOMException extends Error {
    #name;

    constructor(message = "", name = "Error") {
      super(message);
      this.#name = String(name);
    }

    get name() {
      return this.#name;
    }

    get code() {
      return Object.hasOwn(CODES, this.#name) ? CODES[/** @type {keyof typeof CODES} */ (this.#name)] : 0;
    }
  }

  // ---- bytes and texts (encoding.spec.whatwg.org, infra.spec.whatwg.org)

  const REPLACEMENT = "\ufffd";
  const LABELS = new Map([
    ...["unicode-1-1-utf-8", "unicode11utf8", "unicode20utf8", "utf-8", "utf8", "x-unicode20utf8"].map(labelled("utf-8")),
    ...["csunicode", "iso-10646-ucs-2", "ucs-2", "unicode", "unicodefeff", "utf-16", "utf-16le"].map(labelled("utf-16le")),
  ]);

  /** @param {string} encoding @returns {(label: string) => [string, string]} */
  function labelled(encoding) {
    return (label) => [label, encoding];
  }

  class TextEncoder {
    get encoding() {
      return "utf-8";
    }

    encode(string = "") {
      const text = String(string);
      const bytes = new Uint8Array(3 * text.length);
      return bytes.slice(0, this.encodeInto(text, bytes).written);
    }

    /** @param {string} source @param {Uint8Array} destination */
    encodeInto(source, destination) {
      const text = String(source);
      let [read, written] = [0, 0];
      while (read < text.length) {
        const code = scalarAt(text, read);
        const size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
        if (written + size > destination.length) break;
        for (let rest = size - 1, bits = code; rest > 0; rest -= 1, bits >>= 6) destination[written + rest] = 0x80 | (bits & 0x3f);
        destination[written] = size === 1 ? code : ((0xf00 >> size) & 0xff) | (code >> (6 * (size - 1)));
        read += code > 0xffff ? 2 : 1;
        written += size;
      }
      return { read, written };
    }
  }

  /** The code point; of half a surrogate pair the replacement character. @param {string} text @param {number} index */
  function scalarAt(text, index) {
    const code = /** @type {number} */ (text.codePointAt(index));
    return code >= 0xd800 && code <= 0xdfff ? 0xfffd : code;
  }

  class TextDecoder {
    #encoding;
    #fatal;
    #ignoreBOM;
    /** Of an incomplete character. @type {number[]} */
    #rest = [];
    #isStart = true;

    /** @param {string} [label] @param {{fatal?: boolean, ignoreBOM?: boolean}} [options] */
    constructor(label = "utf-8", options = {}) {
      const encoding = LABELS.get(String(label).trim().toLowerCase());
      if (encoding === undefined) throw new RangeError(`encoding ${label} is not available: use utf-8 or utf-16le`);
      this.#encoding = encoding;
      this.#fatal = Boolean(options?.fatal);
      this.#ignoreBOM = Boolean(options?.ignoreBOM);
    }

    get encoding() {
      return this.#encoding;
    }

    get fatal() {
      return this.#fatal;
    }

    get ignoreBOM() {
      return this.#ignoreBOM;
    }

    /** @param {ArrayBuffer | ArrayBufferView} [input] @param {{stream?: boolean}} [options] */
    decode(input, options) {
      const isLast = !options?.stream;
      const bytes = this.#rest.length > 0 ? Uint8Array.from([...this.#rest, ...bytesOf(input)]) : bytesOf(input);
      const decode = this.#encoding === "utf-8" ? decodeUtf8 : decodeUtf16;
      let decoded;
      try {
        decoded = decode(bytes, isLast, this.#fatal);
      } catch (ex) {
        this.#reset();
        throw ex;
      }
      const text = this.#isStart && !this.#ignoreBOM && decoded.text[0] === "\ufeff" ? decoded.text.slice(1) : decoded.text;
      this.#rest = Array.from(bytes.subarray(decoded.read));
      this.#isStart &&= decoded.text === "";
      if (isLast) this.#reset();
      return text;
    }

    #reset() {
      this.#rest = [];
      this.#isStart = true;
    }
  }

  /** @param {any} input */
  function bytesOf(input) {
    if (input === undefined) return new Uint8Array(0);
    return ArrayBuffer.isView(input) ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength) : new Uint8Array(input);
  }

  /** @param {boolean} fatal */
  function replacement(fatal) {
    if (fatal) throw new TypeError("the bytes are no valid text");
    return REPLACEMENT;
  }

  /** @param {Uint8Array} bytes @param {boolean} isLast @param {boolean} fatal */
  function decodeUtf8(bytes, isLast, fatal) {
    let text = "";
    let read = 0;
    while (read < bytes.length) {
      const { code, size, isCut } = characterAt(bytes, read);
      if (isCut && !isLast) break;
      text += code < 0 ? replacement(fatal) : String.fromCodePoint(code);
      read += size;
    }
    return { text, read };
  }

  /**
   * A character of UTF-8, or, with the code -1, the longest part that could begin one. `isCut`: it ends with the bytes.
   * @param {Uint8Array} bytes @param {number} start
   */
  function characterAt(bytes, start) {
    const first = bytes[start];
    if (first < 0x80) return { code: first, size: 1, isCut: false };
    const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    let code = first & (0xff >> (length + 1));
    for (let size = 1; size < length; size += 1) {
      if (start + size >= bytes.length) return { code: -1, size, isCut: true };
      const byte = bytes[start + size];
      // Overlong forms, surrogates, and what is beyond Unicode.
      const lowest = size > 1 ? 0x80 : first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
      const highest = size > 1 ? 0xbf : first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
      if (byte < lowest || byte > highest) return { code: -1, size, isCut: false };
      code = (code << 6) | (byte & 0x3f);
    }
    return length === 0 ? { code: -1, size: 1, isCut: false } : { code, size: length, isCut: false };
  }

  /** @param {Uint8Array} bytes @param {boolean} isLast @param {boolean} fatal */
  function decodeUtf16(bytes, isLast, fatal) {
    const unitAt = (/** @type {number} */ index) => bytes[index] | (bytes[index + 1] << 8);
    let text = "";
    let read = 0;
    while (read + 1 < bytes.length) {
      const unit = unitAt(read);
      const isHigh = unit >= 0xd800 && unit < 0xdc00;
      if (isHigh && read + 3 >= bytes.length && !isLast) break;
      const next = isHigh && read + 3 < bytes.length ? unitAt(read + 2) : 0;
      if (next >= 0xdc00 && next < 0xe000) {
        text += String.fromCharCode(unit, next);
        read += 4;
      } else {
        text += unit >= 0xd800 && unit < 0xe000 ? replacement(fatal) : String.fromCharCode(unit);
        read += 2;
      }
    }
    if (isLast && read < bytes.length) text += replacement(fatal);
    return { text, read: isLast ? bytes.length : read };
  }

  const BASE64 = ["ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", "0123456789+/"].join("");

  /** @param {string} data */
  function btoa(data) {
    const text = String(data);
    if (/[^\0-\xff]/.test(text)) throw new DOMException("a character beyond U+00FF", "InvalidCharacterError");
    let encoded = "";
    for (let index = 0; index < text.length; index += 3) {
      const bits = (text.charCodeAt(index) << 16) | (text.charCodeAt(index + 1) << 8) | text.charCodeAt(index + 2);
      const digits = [18, 12, 6, 0].map((shift) => BASE64[(bits >> shift) & 63]).join("");
      encoded += digits.slice(0, text.length - index + 1).padEnd(4, "=");
    }
    return encoded;
  }

  /** @param {string} data */
  function atob(data) {
    const spaceless = String(data).replace(/[\t\n\f\r ]/g, "");
    const digits = spaceless.length % 4 === 0 ? spaceless.replace(/==?$/, "") : spaceless;
    if (digits.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(digits)) {
      throw new DOMException("not base64", "InvalidCharacterError");
    }
    let decoded = "";
    for (let index = 0, bits = 0; index < digits.length; index += 1) {
      bits = ((bits << 6) | BASE64.indexOf(digits[index])) & 0xffffff;
      if (index % 4 > 0) decoded += String.fromCharCode((bits >> (6 - 2 * (index % 4))) & 0xff);
    }
    return decoded;
  }

  // ---- structuredClone (html.spec.whatwg.org)

  const ERRORS = new Set(["EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError"]);

  /** @param {unknown} value @param {{transfer?: Iterable<ArrayBuffer>}} [options] */
  function structuredClone(value, options) {
    const known = new Map();
    const transferred = [...(options?.transfer ?? [])];
    const copy = cloned(value, known, new Set(transferred));
    for (const buffer of transferred) /** @type {any} */ (buffer).transfer();
    return copy;
  }

  /** @param {any} value @param {Map<unknown, unknown>} known @param {Set<unknown>} moved @returns {any} */
  function cloned(value, known, moved) {
    if (typeof value === "symbol" || typeof value === "function") throw notCloneable(value);
    if (typeof value !== "object" || value === null) return value;
    if (known.has(value)) return known.get(value);
    const copy = emptyCopy(value, known, moved);
    known.set(value, copy);
    const deep = (/** @type {unknown} */ part) => cloned(part, known, moved);
    if (copy instanceof Map) for (const [key, part] of [...value]) copy.set(deep(key), deep(part));
    else if (copy instanceof Set) for (const part of [...value]) copy.add(deep(part));
    else if (copy instanceof Error) copyError(copy, value, deep);
    else if (isPlain(copy)) for (const key of Object.keys(value)) copy[key] = deep(value[key]);
    return copy;
  }

  /** A copy without its members. @param {any} value @param {Map<unknown, unknown>} known @param {Set<unknown>} moved @returns {any} */
  function emptyCopy(value, known, moved) {
    if (Array.isArray(value)) return new Array(value.length);
    if (ArrayBuffer.isView(value)) return viewCopy(/** @type {any} */ (value), known, moved);
    const tag = tagOf(value);
    switch (tag) {
      case "Boolean": case "Number": case "String": case "BigInt": return Object(value.valueOf());
      case "Date": return new Date(value.getTime());
      case "RegExp": return new RegExp(value.source, value.flags);
      case "Map": return new Map();
      case "Set": return new Set();
      case "ArrayBuffer": return value.slice(0);
      case "Error": return newError(value);
      case "Symbol": case "Promise": case "WeakMap": case "WeakSet": case "WeakRef": throw notCloneable(value);
      default: return {};
    }
  }

  /** By what an object is, whatever its `Symbol.toStringTag`. @param {object} value */
  function tagOf(value) {
    for (const [name, probe] of PROBES) {
      try {
        Reflect.apply(probe, value, []);
        return name;
      } catch {
        // It is something else.
      }
    }
    return value instanceof Error ? "Error" : Object.prototype.toString.call(value).slice(8, -1);
  }

  /** @param {object} prototype @param {string} name */
  const getter = (prototype, name) => /** @type {any} */ (Object.getOwnPropertyDescriptor(prototype, name)).get;
  /** @type {[string, Function][]} */
  const PROBES = [
    ["Boolean", Boolean.prototype.valueOf], ["Number", Number.prototype.valueOf], ["String", String.prototype.valueOf],
    ["BigInt", BigInt.prototype.valueOf], ["Symbol", Symbol.prototype.valueOf], ["Date", Date.prototype.getTime],
    ["Map", getter(Map.prototype, "size")], ["Set", getter(Set.prototype, "size")],
    ["ArrayBuffer", getter(ArrayBuffer.prototype, "byteLength")],
  ];

  /** @param {any} view @param {Map<unknown, unknown>} known @param {Set<unknown>} moved */
  function viewCopy({ constructor, buffer, byteOffset, byteLength, length = byteLength }, known, moved) {
    return new constructor(cloned(buffer, known, moved), byteOffset, length);
  }

  /** @param {Error} error */
  function newError({ name }) {
    /** @type {any} */
    const root = globalThis;
    return new (ERRORS.has(name) ? root[name] : Error)();
  }

  /** @param {Error} copy @param {any} value @param {(part: unknown) => unknown} deep */
  function copyError(copy, value, deep) {
    for (const key of ["message", "stack", "cause"]) {
      if (!Object.hasOwn(value, key)) continue;
      const part = key === "cause" ? deep(value[key]) : String(value[key]);
      defineProperty(copy, key, { value: part, writable: true, enumerable: false, configurable: true });
    }
  }

  /** @param {object} copy */
  function isPlain(copy) {
    return Array.isArray(copy) || Object.getPrototypeOf(copy) === Object.prototype;
  }

  /** @param {unknown} value */
  function notCloneable(value) {
    return new DOMException(`${typeof value === "object" ? tagOf(/** @type {object} */ (value)) : typeof value} can't be cloned`, "DataCloneError");
  }

  return { __proto__: null, DOMException, TextDecoder, TextEncoder, atob, btoa, crypto, structuredClone };
})
