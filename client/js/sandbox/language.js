// Makes an engine's language the same in every host, on the server and at volunteers: corrects what it has wrong, and
// replaces its random numbers by repeatable ones. The text of a function, no module; evaluated before any code of a job.
// A job may replace the built-ins that these functions use, and then confuses itself alone.
//
// The server takes only the sections that a source needs (pool/sandbox/needs.py): a heading has a pattern of the sources
// that need what follows, which uses nothing of the other sections. The others take all of it.
(function openLanguage() {
  "use strict";
  const { defineProperty } = Object;
  const { abs, floor, max, trunc } = Math;

  // Corrections are made only where the engine is wrong. QuickJS alone is, so its speed is what they cost.

  /** As a built-in: not enumerable, and no constructor. @param {object} holder @param {Record<string, Function>} methods */
  function replace(holder, methods) {
    for (const [name, value] of Object.entries(methods)) {
      defineProperty(holder, name, { value, writable: true, enumerable: false, configurable: true });
    }
  }

  // ---- /\basUintN\b/

  if (BigInt.asUintN(65, -1n) < 0n || BigInt.asUintN(64, -1n) < 0n || BigInt.asUintN(32, -1n) < 0n) {
    const { asIntN } = BigInt;
    const toBigInt = BigInt;
    replace(BigInt, {
      /** @param {unknown} bits @param {unknown} bigint */
      asUintN(bits, bigint) {
        const width = +(/** @type {number} */ (bits));
        // Its checks and conversions of both arguments are right.
        const signed = asIntN(width, /** @type {bigint} */ (bigint));
        return signed < 0n ? signed + (1n << toBigInt(trunc(width))) : signed;
      },
    });
  }

  // ---- /\bacosh\b|\bMath\b(?!\s*\.\s*\w)/

  if (!Number.isNaN(Math.acosh(-1e6))) {
    const { acosh } = Math;
    replace(Math, {
      /** @param {number} x */
      acosh(x) {
        const given = +x;
        return given < 1 ? NaN : acosh(given);
      },
    });
  }

  // ---- /\bcbrt\b|\btoString\b(?!\s*\(\s*\))|\bMath\b(?!\s*\.\s*\w)/ the digits of numbers

  const words = new Uint32Array(2);
  const double = new Float64Array(words.buffer);
  const high = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0;

  if (Math.cbrt(0.03626667801290751) !== 0.33100381676293837) replace(Math, { cbrt });

  // fdlibm's, as browsers have it (FreeBSD's s_cbrt.c, Sun Microsystems and Bruce D. Evans).
  /** @param {number} x */
  function cbrt(x) {
    const given = +x;
    if (given === 0 || !Number.isFinite(given)) return given;
    double[0] = given;
    const [sign, top] = [words[high] & 0x80000000, words[high] & 0x7fffffff];
    double[0] = 0;
    if (top < 0x00100000) {
      double[0] = given * 2 ** 54;
      const scaled = words[high] & 0x7fffffff;
      double[0] = 0;
      words[high] = sign | (floor(scaled / 3) + 696219795);
    } else {
      words[high] = sign | (floor(top / 3) + 715094163);
    }
    let t = double[0];
    let r = t * t * (t / given);
    t *= 1.87595182427177009643 + r * (-1.88497979543377169875 + r * 1.621429720105354466140) +
      r * r * r * (-0.758397934778766047437 + r * 0.145996192886612446982);
    // To 23 bits, so that its square is exact.
    double[0] = t;
    const low = words[1 - high];
    if (low >= 0x80000000) words[high] += 1;
    words[1 - high] = (low + 0x80000000) & 0xc0000000;
    t = double[0];
    r = given / (t * t);
    return t + t * ((r - t) / (t + t + r));
  }

  if ((0.9749088998465404).toString(21) !== "0.k9j8gid8039db") {
    const { toString } = Number.prototype;
    replace(Number.prototype, {
      /** @this {unknown} @param {unknown} [radix] */
      toString(radix) {
        const base = radix === undefined ? 10 : trunc(+(/** @type {number} */ (radix)));
        // Its checks of receiver and radix are right.
        const text = Reflect.apply(toString, this, [base]);
        const value = Number(this);
        return base === 10 || Number.isSafeInteger(value) || !Number.isFinite(value) ? text : inRadix(value, base);
      },
    });
    // A method without parameters that counts.
    defineProperty(Number.prototype.toString, "length", { value: 1 });
  }

  // As V8 has it (DoubleToRadixStringView in conversions.cc): digits until they distinguish the number.
  /** @param {number} value @param {number} radix */
  function inRadix(value, radix) {
    const positive = abs(value);
    let integer = floor(positive);
    let fraction = positive - integer;
    let delta = max(Number.MIN_VALUE, 0.5 * (nextDouble(positive) - positive));
    const digits = [];
    while (fraction >= delta) {
      fraction *= radix;
      delta *= radix;
      const digit = trunc(fraction);
      digits.push(digit);
      fraction -= digit;
      if ((fraction > 0.5 || (fraction === 0.5 && digit % 2 === 1)) && fraction + delta > 1) {
        integer += carry(digits, radix);
        break;
      }
    }
    const point = digits.length > 0 ? "." : "";
    return (value < 0 ? "-" : "") + integerInRadix(integer, radix) + point + digits.map((digit) => digit.toString(36)).join("");
  }

  /** Rounds up; 1 if that carries over to the integer. @param {number[]} digits @param {number} radix */
  function carry(digits, radix) {
    while (digits.length > 0) {
      const digit = /** @type {number} */ (digits.pop());
      if (digit + 1 < radix) {
        digits.push(digit + 1);
        return 0;
      }
    }
    return 1;
  }

  /** @param {number} value @param {number} radix */
  function integerInRadix(value, radix) {
    let integer = value;
    let text = "";
    for (; integer >= 2 ** 53; integer /= radix) text = "0" + text;
    do {
      const digit = integer % radix;
      text = digit.toString(36) + text;
      integer = (integer - digit) / radix;
    } while (integer > 0);
    return text;
  }

  /** @param {number} positive */
  function nextDouble(positive) {
    double[0] = positive;
    words[1 - high] += 1;
    if (words[1 - high] === 0) words[high] += 1;
    return double[0];
  }

  // ---- /\bset(?:[A-Z$]|["'`])/ of dates

  const wrong = new Date(0);
  wrong.setUTCMinutes(1, NaN);
  if (!Number.isNaN(wrong.getTime())) {
    const { setTime } = Date.prototype;
    // By name: to search them would take another tenth of what a context on the server costs.
    for (const name of [
      "setMilliseconds", "setUTCMilliseconds", "setSeconds", "setUTCSeconds", "setMinutes", "setUTCMinutes", "setHours",
      "setUTCHours", "setDate", "setUTCDate", "setMonth", "setUTCMonth", "setFullYear", "setUTCFullYear", "setYear",
    ]) {
      const setter = /** @type {any} */ (Date.prototype)[name];
      replace(Date.prototype, {
        /** @this {unknown} @param {...unknown} given */
        [name](...given) {
          const time = Reflect.apply(setter, this, given);
          // It returns NaN, but leaves the date as it was.
          if (Number.isNaN(time)) Reflect.apply(setTime, this, [NaN]);
          return time;
        },
      });
      defineProperty(/** @type {any} */ (Date.prototype)[name], "length", { value: setter.length });
    }
  }

  // ---- /\bInt8Array\b/

  if (new Int8Array([-1]).lastIndexOf(-1) !== 0) {
    const { prototype } = Object.getPrototypeOf(Int8Array);
    const { lastIndexOf } = prototype;
    const { lastIndexOf: ofArray } = Array.prototype;
    replace(prototype, {
      // No negative number is found among bytes.
      /** @this {unknown} @param {unknown} element @param {...unknown} start */
      lastIndexOf(element, ...start) {
        return Reflect.apply(isInt8Array(this) ? ofArray : lastIndexOf, this, [element, ...start]);
      },
    });
  }

  const { get: tagOf } = /** @type {any} */ (Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Int8Array).prototype, Symbol.toStringTag));

  /** @param {unknown} value */
  function isInt8Array(value) {
    return Reflect.apply(tagOf, value, []) === "Int8Array";
  }

  // ---- /\bescape\b/

  // Absent in older engines, which stay without it.
  if ("escape" in RegExp && /** @type {any} */ (RegExp).escape("_é") !== "_é") {
    replace(RegExp, {
      /** @param {unknown} string */
      escape(string) {
        if (typeof string !== "string") throw new TypeError("not a string");
        let escaped = "";
        for (const character of string) {
          const isFirstWord = escaped === "" && /^[0-9A-Za-z]/.test(character);
          escaped += isFirstWord ? hexadecimal(character) : escapedCharacter(character);
        }
        return escaped;
      },
    });
  }

  /** @param {string} character */
  function escapedCharacter(character) {
    if (/^[\^$\\.*+?()[\]{}|/]/.test(character)) return "\\" + character;
    const control = "\t\n\v\f\r".indexOf(character);
    if (control >= 0) return "\\" + "tnvfr"[control];
    return /^(?:[,\-=<>#&!%:;@~'`"\s]|[\ud800-\udfff]$)/.test(character) ? hexadecimal(character) : character;
  }

  /** @param {string} character */
  function hexadecimal(character) {
    const code = character.charCodeAt(0).toString(16);
    return code.length > 2 ? "\\u" + code.padStart(4, "0") : "\\x" + code.padStart(2, "0");
  }

  // ---- /\brandom\b|\bMath\b(?!\s*\.\s*\w)/ random numbers: sfc32 by Chris Doty-Humphrey (PractRand, public domain), seeded as there by 64 bits

  // As after `seedRandom(0)`.
  const state = { a: -1007681911, b: -1923712979, c: -246828864, counter: 13 };

  function random32() {
    const sum = (state.a + state.b + state.counter) | 0;
    state.counter = (state.counter + 1) | 0;
    state.a = state.b ^ (state.b >>> 9);
    state.b = (state.c + (state.c << 3)) | 0;
    state.c = (((state.c << 21) | (state.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** Called before each unit. @param {number} seed an integer from 0 to 2^53 - 1 */
  function seedRandom(seed) {
    state.a = 0;
    state.b = seed | 0;
    state.c = floor(seed / 2 ** 32) | 0;
    state.counter = 1;
    for (let round = 0; round < 12; round += 1) random32();
  }

  replace(Math, {
    random() {
      return ((random32() >>> 5) * 2 ** 26 + (random32() >>> 6)) / 2 ** 53;
    },
  });

  return { __proto__: null, random32, seedRandom };
})
