// Calls the built-ins of a JavaScript engine with seeded random arguments. The text of a function: of a seed and the
// number of calls of each built-in, it returns a JSON text, an object of outcomes by built-in: `[call, outcome]`. Equal
// engines return equal texts. Numbers are written by their bits, errors by their names, since messages differ.
(function callBuiltIns(seed, count) {
  "use strict";
  const bits = new DataView(new ArrayBuffer(8));
  let state = 1;

  // mulberry32 (Tommy Ettinger), seeded anew for each built-in, so that one more or less does not change the others.
  function random() {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }
  function start(name) {
    state = seed | 0;
    for (let index = 0; index < name.length; index += 1) state = Math.imul(state ^ name.charCodeAt(index), 16777619);
  }
  const below = (limit) => Math.floor(random() * limit);
  const between = (low, high) => low + below(high - low + 1);
  const pick = (list) => list[below(list.length)];
  const many = (most, make) => Array.from({ length: below(most + 1) }, make);

  // ---- values

  function anyBits() {
    bits.setUint32(0, below(4294967296));
    bits.setUint32(4, below(4294967296));
    return bits.getFloat64(0);
  }
  const SPECIAL = [0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, 0.1, NaN, Infinity, -Infinity, 5e-324, 2.2250738585072014e-308,
    1.7976931348623157e308, 2147483647, 2147483648, -2147483648, 4294967295, 4294967296, 9007199254740991,
    9007199254740992, -9007199254740993, 1e21, 1e-7, 123456789012345680000, 0.000001, Math.PI, Math.E, 65504, 65520];
  const numberMakers = [
    () => pick(SPECIAL), () => between(-10, 10), () => between(-10, 100), () => random() * 2 - 1, () => random() * 100 - 50,
    () => (random() - 0.5) * tenTo(between(-20, 22)), anyBits, () => between(-1000, 1000) / 100, () => below(2 ** 32) * 2 ** 21,
    () => Math.round(random() * 1e6) / tenTo(between(0, 6)),
  ];
  const number = () => pick(numberMakers)();
  // Not by `**`, whose last digits differ between engines.
  const tenTo = (exponent) => Number(`1e${exponent}`);
  const small = () => between(-3, 12);
  function bigInt() {
    const digits = many(pick([1, 4, 17, 40]), () => below(16).toString(16)).join("");
    const value = pick([() => BigInt("0x0" + digits), () => 2n ** BigInt(below(140)) + BigInt(between(-2, 2))])();
    return random() < 0.5 ? -value : value;
  }
  const CHARACTERS = ["a", "b", "c", "A", "Z", "0", "9", " ", "\n", "-", ".", ",", "$", "_", "é", "ß", "İ", "ı", "ſ", "Σ",
    "ς", "σ", "e\u0301", "\u212b", "ﬁ", "中", "가", "\u1100\u1161", "😀", "𝒳", "\ud83d", "\ude00", "\0", "\u2028", "\ufeff",
    "ǆ", "ẞ", "\u0345", "ά", "%", "&", "<", "\\", '"', "/"];
  const plainText = () => many(8, () => pick(["a", "b", "c", "ab", "A", "1", " ", "-"])).join("");
  const text = () => (random() < 0.5 ? plainText() : many(10, () => pick(CHARACTERS)).join(""));
  const numeral = () => pick([
    () => String(number()), () => number().toString(16), () => "0x" + below(1e9).toString(16), () => "0b" + below(99).toString(2),
    () => "0o17", () => " " + number() + "\n", () => number() + "px", () => "1_000", () => ".5", () => "5.", () => "+7", () => "-0",
    () => many(25, () => below(10)).join("") + "." + many(25, () => below(10)).join(""), () => below(1e6) + "e" + between(-330, 310),
    () => "Infinity", () => "-Infinity1", () => "", () => "1e", () => "1e+", () => many(30, () => below(10)).join(""),
    () => "0." + "0".repeat(below(20)) + below(1e9) + "e" + between(-20, 20), text,
  ])();
  const array = (make = number) => many(8, make);
  const date = () => new Date(pick([() => between(-8.64e15, 8.64e15), () => between(-2e12, 4e12), number])());
  const dateText = () => pick([
    () => String(date().toJSON()), () => date().toUTCString(), () => between(1, 2030) + "-" + pad(between(0, 13)),
    () => `${between(1900, 2100)}-${pad(between(0, 13))}-${pad(between(0, 32))}`, () => `${pad(between(1, 12))}/${pad(between(1, 31))}/${between(1900, 2100)}`,
    () => `${between(1900, 2100)}-${pad(between(1, 12))}-${pad(between(1, 28))}T${pad(below(25))}:${pad(below(61))}`,
    () => `${between(1900, 2100)}-${pad(between(1, 12))}-${pad(between(1, 28))}T${pad(below(24))}:${pad(below(60))}:${pad(below(60))}.${below(1e6)}${pick(["Z", "", "+05:30", "-0800"])}`,
    () => `${pick(["Jan", "Feb", "August", "Dec"])} ${between(1, 31)}, ${between(1900, 2100)} ${pad(below(24))}:${pad(below(60))}:${pad(below(60))}${pick([" GMT", " GMT+0200", " UTC", "", " PM"])}`,
    () => `+${pad(below(300000), 6)}-01-01T00:00:00Z`, () => `-${pad(below(300000), 6)}-01-01T00:00:00Z`,
  ])();
  const pad = (value, width = 2) => String(value).padStart(width, "0");
  const safely = (make) => () => { try { return make(); } catch { return /a|b/g; } };
  const typedArrays = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array];
  const typed = () => pick(typedArrays).from(array());
  const bigTyped = () => pick([BigInt64Array, BigUint64Array]).from(array(bigInt));
  const value = () => pick([number, number, text, bigInt, () => true, () => null, () => undefined, () => array(), () => ({ a: number(), b: text() })])();
  const data = (depth = 3) => pick([number, text, () => true, () => null, () => (depth ? many(4, () => data(depth - 1)) : 0),
    () => (depth ? Object.fromEntries(many(4, () => [text(), data(depth - 1)])) : 1)])();

  // ---- regular expressions

  const ATOMS = ["a", "b", "c", ".", "\\d", "\\w", "\\W", "\\s", "\\S", "\\b", "\\B", "^", "$", "[abc]", "[^a-c]", "[\\w-]", "\\1", "\\2",
    "(?=a)", "(?!b)", "(?<=a)", "(?<!b)", "ß", "[à-ÿ]", "\\u0061", "\\x62", "\\cJ", "σ", "😀", "[😀-😂]", "\\p{L}", "\\p{Lu}", "\\P{Script=Greek}",
    "\\u{1f600}", "[\\s\\S]", "[]", "[^]", "\\0", "(?:)", "k", "ſ", "\\k<n>"];
  const QUANTIFIERS = ["", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,3}?", "{,2}"];
  function pattern(depth = 2) {
    const atom = () => (depth > 0 && random() < 0.35
      ? pick(["(", "(?:", "(?<n>", "(?=", "(?!", "(?<=", "("]) + pattern(depth - 1) + ")" : pick(ATOMS));
    const branch = () => many(4, () => atom() + pick(QUANTIFIERS)).join("");
    return many(2, branch).join("|") || branch();
  }
  const flags = () => pick(["", "g", "i", "m", "s", "u", "y", "gi", "iu", "gu", "d", "gimsuy", "gd"]);
  const expression = safely(() => new RegExp(pattern(), flags()));
  const simple = safely(() => new RegExp(pattern(0), flags()));
  const subject = () => many(10, () => pick(["a", "b", "c", "ab", "A", "K", "k", "1", " ", "\n", "ß", "ẞ", "é", "Σ", "ς", "😀", "😁", "ſ", "S", "-"])).join("");
  const replacement = () => pick(["", "x", "$&", "$1$2", "$`", "$'", "$$", "$<n>", "$01", "$10", "$", (...match) => String(match.length)]);

  // ---- outcomes

  function quoted(string) {
    let out = '"';
    for (let index = 0; index < string.length; index += 1) {
      const unit = string.charCodeAt(index);
      out += unit > 31 && unit < 127 && unit !== 34 && unit !== 92 ? string[index] : "\\u" + (unit + 65536).toString(16).slice(1);
    }
    return out + '"';
  }
  function float(value) {
    if (Number.isInteger(value) && Math.abs(value) < 1e9 && !Object.is(value, -0)) return value.toString();
    if (value !== value) return "NaN";
    bits.setFloat64(0, value);
    return "0x" + (bits.getUint32(0) + 2 ** 33).toString(16).slice(1) + (bits.getUint32(4) + 2 ** 33).toString(16).slice(1);
  }
  function shown(value, depth = 4) {
    switch (typeof value) {
      case "number": return float(value);
      case "string": return quoted(value);
      case "bigint": return (value < 0n ? "-0x" : "0x") + (value < 0n ? -value : value).toString(16) + "n";
      case "function": return "function";
      case "object": return value === null ? "null" : shownObject(value, depth);
      default: return String(value);
    }
  }
  function shownObject(value, depth) {
    const tag = Object.prototype.toString.call(value);
    if (value instanceof Error) return "error " + value.name;
    if (tag === "[object Date]") return "date " + float(Date.prototype.getTime.call(value));
    if (tag === "[object RegExp]") return `regexp ${quoted(value.source)} ${value.flags} ${value.lastIndex}`;
    if (depth === 0) return "…";
    const inner = (item) => shown(item, depth - 1);
    if (value instanceof Map) return `map [${[...value].map(inner)}]`;
    if (value instanceof Set) return `set [${[...value].map(inner)}]`;
    if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return `${tag} [${Array.from(value, inner)}]`;
    if (value instanceof ArrayBuffer) return `buffer [${[...new Uint8Array(value)]}]`;
    if (typeof value.next === "function") return `iterator [${Array.from(Iterator.prototype.take.call(value, 20), inner)}]`;
    const members = Reflect.ownKeys(value).filter((key) => !(Array.isArray(value) && key === "length"));
    // The members of a match have an order that differs.
    if (Array.isArray(value) && "input" in value) members.sort();
    const list = members.map((key) => (/^\d+$/.test(String(key)) ? "" : String(key) + ":") + inner(value[key]));
    return Array.isArray(value) ? `[${value.length};${list}]` : `{${list}}`;
  }

  const outcomes = {};
  /** Calls `run` on the arguments that `make` makes, several times. `make` may return undefined: no call. */
  function tried(name, make, run) {
    start(name);
    outcomes[name] = [];
    for (let index = 0; index < count; index += 1) {
      const given = make();
      if (given === undefined || given.includes(SKIP)) continue;
      const call = given.map((one) => shown(one)).join(", ");
      let outcome;
      try {
        outcome = shown(run(...given));
      } catch (ex) {
        outcome = "throws " + (ex instanceof Error ? ex.name : typeof ex);
      }
      outcomes[name].push([call, outcome]);
    }
  }
  const SKIP = Symbol("skip");

  /** Each method of a prototype, or static method, on a receiver and up to `most` random arguments. */
  function methods(path, holder, receiver, argument, { most = 3, skip = [], except = {} } = {}) {
    for (const name of Object.getOwnPropertyNames(holder).sort()) {
      const { value: method } = Object.getOwnPropertyDescriptor(holder, name);
      if (typeof method !== "function" || name === "constructor" || skip.includes(name)) continue;
      const makeArguments = Object.hasOwn(except, name) ? except[name] : () => many(most, () => argument(name));
      tried(`${path}.${name}`, () => [receiver(), ...makeArguments()], (self, ...given) => {
        const returned = Reflect.apply(method, self, given);
        return returned === self ? self : [returned, self];
      });
    }
  }

  // ---- numbers

  const mathArguments = { atan2: () => [number(), number()], pow: () => [number(), pick([number, small, () => 0.5, () => -0.5])()],
    sumPrecise: () => [array()] };
  methods("Math", Math, () => undefined, number, { most: 2, skip: ["random"], except: mathArguments });
  for (const name of ["sin", "cos", "tan", "exp", "log", "sinh", "cosh", "tanh", "asin", "acos", "atan", "cbrt", "log10", "log2", "log1p", "expm1", "sqrt", "asinh", "acosh", "atanh", "f16round", "fround"]) {
    if (name in Math) tried(`Math.${name} of -40 to 40`, () => [random() * 80 - 40], Math[name]);
  }
  methods("Number.prototype", Number.prototype, number, small, { most: 1, skip: ["toLocaleString"], except: {
    toFixed: () => [pick([() => below(20), () => between(-2, 105)])()], toPrecision: () => [pick([() => between(1, 21), () => between(-2, 105)])()],
    toExponential: () => [pick([() => below(20), () => between(-2, 105), () => undefined])()], toString: () => [pick([() => 10, () => between(2, 36), () => between(0, 40)])()] } });
  methods("Number", Number, () => undefined, value, { most: 1, except: { parseFloat: () => [numeral()], parseInt: () => [numeral(), pick([10, 16, 2, 36, undefined, between(-1, 40)])] } });
  tried("Number()", () => [pick([numeral, numeral, value])()], Number);
  tried("String(number)", () => [number()], String);
  tried("isNaN", () => [numeral()], (given) => [isNaN(given), isFinite(given)]);
  const OPERATORS = { "+": (a, b) => a + b, "-": (a, b) => a - b, "*": (a, b) => a * b, "/": (a, b) => a / b, "%": (a, b) => a % b, "**": (a, b) => a ** b,
    "&": (a, b) => a & b, "|": (a, b) => a | b, "^": (a, b) => a ^ b, "<<": (a, b) => a << b, ">>": (a, b) => a >> b, ">>>": (a, b) => a >>> b,
    "<": (a, b) => a < b, "==": (a, b) => a == b, ">=": (a, b) => a >= b, "~": (a) => ~a, "-a": (a) => -a };
  for (const [name, operator] of Object.entries(OPERATORS)) {
    if (name !== "**") tried(`number ${name}`, () => [number(), number()], operator);
    tried(`BigInt ${name}`, () => [bigInt(), name === "**" || name.includes("<<") || name.includes(">>") ? BigInt(between(-3, 90)) : bigInt()], operator);
    tried(`mixed ${name}`, () => [value(), value()], (a, b) => (name === "**" && typeof a !== "bigint" && typeof b !== "bigint" ? 0 : operator(a, b)));
  }
  tried("number ** whole", () => [between(-20, 20), below(12)], OPERATORS["**"]);
  methods("BigInt", BigInt, () => undefined, bigInt, { except: {
    asIntN: () => [pick([() => pick([0, 1, 8, 31, 32, 33, 53, 63, 64, 65, 127, 128, 129]), () => below(200), small])(), pick([bigInt, bigInt, value])()],
    asUintN: () => [pick([() => pick([0, 1, 8, 31, 32, 33, 53, 63, 64, 65, 127, 128, 129]), () => below(200), small])(), pick([bigInt, bigInt, value])()] } });
  methods("BigInt.prototype", BigInt.prototype, bigInt, () => between(0, 40), { most: 1, skip: ["toLocaleString"] });
  tried("BigInt()", () => [pick([numeral, number, value, () => many(40, () => below(10)).join(""), () => "0x" + many(40, () => below(16).toString(16)).join("")])()], BigInt);
  tried("Number(BigInt)", () => [bigInt()], Number);
  tried("parse a BigInt", () => [String(bigInt())], (given) => BigInt(given).toString(between(2, 36)));

  // ---- texts

  const textArgument = () => pick([text, small, small, plainText, number])();
  const withPattern = () => [pick([expression, simple, plainText])()];
  methods("String.prototype", String.prototype, text, textArgument, { skip: ["localeCompare", "anchor", "toLocaleString"], except: {
    match: withPattern, search: withPattern, matchAll: withPattern, split: () => [...withPattern(), ...many(1, small)],
    replace: () => [...withPattern(), replacement()], replaceAll: () => [...withPattern(), replacement()],
    repeat: () => [small()], padStart: () => [below(30), text()], padEnd: () => [below(30), text()],
    normalize: () => [pick(["NFC", "NFD", "NFKC", "NFKD", undefined, "x"])], toLocaleUpperCase: () => [], toLocaleLowerCase: () => [],
    concat: () => many(3, value) } });
  methods("String", String, () => undefined, () => pick([number, () => below(70000), () => below(1114120)])(), { except: { raw: () => [{ raw: array(text) }, text(), text()] } });
  for (let at = 0; at < 0x3000; at += 256) {
    outcomes[`case of U+${at.toString(16)}`] = Array.from({ length: 256 }, (_, index) => {
      const character = String.fromCodePoint(at + index);
      return [quoted(character), quoted(character.toUpperCase() + "|" + character.toLowerCase() + "|" + character.normalize("NFKD") + "|" + /^\p{L}$/u.test(character) + /^\w$/iu.test(character) + /^\s$/.test(character))];
    });
  }
  for (const [name, call] of Object.entries({ encodeURI, decodeURI, encodeURIComponent, decodeURIComponent, escape, unescape })) {
    tried(name, () => [pick([text, () => encodeURIComponent(plainText()), () => many(6, () => pick(["%41", "%c3", "%a9", "%F0%9F%98%80", "%u0041", "%", "%4", "a"])).join("")])()], call);
  }
  tried("compare texts", () => [array(text)], (list) => list.sort());

  // ---- regular expressions

  const regular = (run) => [() => [pattern(), flags(), subject()], (source, given, string) => run(new RegExp(source, given), string)];
  tried("RegExp.exec", ...regular((expr, string) => { const found = expr.exec(string); return found && [found.index, [...found], found.groups, found.indices, expr.lastIndex]; }));
  tried("RegExp.matchAll", ...regular((expr, string) => [...string.matchAll(expr.global ? expr : new RegExp(expr, expr.flags + "g"))].map((found) => [found.index, [...found]])));
  tried("RegExp.replace", ...regular((expr, string) => string.replace(expr, "[$&|$1|$<n>]")));
  tried("RegExp.split", ...regular((expr, string) => string.split(expr)));
  tried("RegExp.test", ...regular((expr, string) => [expr.test(string), expr.lastIndex, expr.test(string), expr.lastIndex]));
  tried("RegExp with v", () => [pattern(), pick(["v", "iv", "gv"]), subject()], (source, given, string) => new RegExp(source, given).exec(string));
  tried("RegExp.source", ...regular((expr) => [expr.source, expr.flags, String(expr)]));
  tried("RegExp syntax", () => [many(6, () => pick(["(", ")", "[", "]", "{", "}", "a", "\\", "*", "?", "1", ",", "|", "-", "^", "$", "<", "n", ">", "u", ":"])).join(""), flags()], (source, given) => new RegExp(source, given));
  if (typeof RegExp.escape === "function") tried("RegExp.escape", () => [text()], RegExp.escape);

  // ---- dates

  methods("Date.prototype", Date.prototype, date, () => pick([small, number, () => between(-1e6, 1e6)])(), { skip: ["toLocaleString", "toLocaleDateString", "toLocaleTimeString", "toTemporalInstant"] });
  tried("Date.parse", () => [dateText()], Date.parse);
  tried("Date.UTC", () => [between(-10, 2100), ...many(6, () => pick([small, number])())], Date.UTC);
  tried("new Date", () => [between(-10, 2100), ...many(6, () => pick([small, number])())], (...given) => new Date(...given));
  tried("Date()", () => [date()], (given) => [String(given), given.toJSON(), given.getTimezoneOffset()]);

  // ---- JSON

  tried("JSON.stringify", () => [data(), pick([undefined, undefined, ["a", "b"], null]), pick([undefined, small(), text()])], JSON.stringify);
  tried("JSON.stringify of any", () => [pick([value, date, () => typed(), () => new Map([[1, 2]]), () => ({ toJSON: () => 1 })])()], JSON.stringify);
  tried("JSON.parse", () => [JSON.stringify(data())], JSON.parse);
  tried("JSON.parse of broken", () => {
    const whole = JSON.stringify(data()) ?? "";
    const at = below(whole.length + 1);
    return [whole.slice(0, at) + pick(["", ",", "]", "}", "x", "\\", '"', "0", "\n", "\u00a0", "1e5", "-", "nul"]) + whole.slice(at + below(2))];
  }, JSON.parse);

  // ---- collections

  const callback = (name) => pick([
    () => (item) => item, () => (item) => item > 1, () => (item, index) => index % 2 === 0, () => (...given) => given.length, () => (a, b) => a - b,
    () => (a, b) => (a < b ? -1 : a > b ? 1 : 0), () => small(), () => undefined, () => (a, b) => (Math.abs(a) | 0) - (Math.abs(b) | 0), () => number(), () => array(),
  ])();
  const mixed = () => array(pick([number, number, text, value, small]));
  const arrayExcept = { sort: () => [pick([undefined, (a, b) => a - b, (a, b) => (a | 0) % 3 - (b | 0) % 3])], toSorted: () => [pick([undefined, (a, b) => b - a, (a, b) => (a | 0) % 3 - (b | 0) % 3])],
    fill: () => [value(), small(), small()], join: () => [pick([undefined, "", "-", text()])], with: () => [small(), value()] };
  methods("Array.prototype", Array.prototype, mixed, callback, { skip: ["toLocaleString"], except: arrayExcept });
  methods("sparse array", Array.prototype, () => Object.assign(new Array(below(9)), Object.fromEntries(many(4, () => [below(8), small()]))), callback, { skip: ["toLocaleString"], except: arrayExcept });
  methods("array-like", Array.prototype, () => ({ length: below(6), 0: small(), 1: text(), 3: number() }), callback, { skip: ["toLocaleString"], except: arrayExcept });
  tried("sort is stable", () => [Array.from({ length: below(700) }, (_, index) => [below(9), index])], (list) => list.sort((a, b) => a[0] - b[0]).map(([, index]) => index));
  methods("Array", Array, () => Array, value, { skip: ["fromAsync"] });
  methods("Object", Object, () => Object, () => pick([() => ({ a: 1, b: [2] }), () => array(), value, () => [["k", 1], ["l", 2]], () => (item) => String(item), text])(), {
    skip: ["getOwnPropertyDescriptors", "getPrototypeOf", "setPrototypeOf", "create", "defineProperties", "defineProperty", "getOwnPropertyDescriptor", "getOwnPropertyNames"] });
  tried("Object.defineProperty", () => [{ a: 1 }, pick(["a", "b"]), { value: value(), writable: random() < 0.5, enumerable: random() < 0.5 }], (object, key, given) => Object.getOwnPropertyDescriptor(Object.defineProperty(object, key, given), key));
  tried("own keys", () => [Object.fromEntries(many(8, () => [pick([text, () => String(below(20)), () => String(below(2 ** 33)), () => "-1"])(), 1]))], (object) => [Reflect.ownKeys(object), Object.entries(object)]);
  methods("Map.prototype", Map.prototype, () => new Map(array(() => [pick([small, value])(), small()])), () => pick([small, callback, value])());
  methods("Set.prototype", Set.prototype, () => new Set(array(small)), () => pick([small, callback, () => new Set(array(small)), () => new Map([[1, 2], [3, 4]])])());
  for (const name of ["union", "intersection", "difference", "symmetricDifference", "isSubsetOf", "isSupersetOf", "isDisjointFrom"]) {
    tried(`sets ${name}`, () => [new Set(array(small)), new Set(array(small))], (one, other) => one[name](other));
  }
  tried("Map.groupBy", () => [array(small)], (list) => [Map.groupBy(list, (item) => item % 3), Object.groupBy(list, (item) => item % 3)]);
  methods("Iterator.prototype", Iterator.prototype, () => array(small).values(), callback, { most: 1 });
  for (const [name, make] of [["typed array", typed], ["BigInt typed array", bigTyped]]) {
    methods(name, Object.getPrototypeOf(Int8Array.prototype), make, (method) => pick([callback, small, small, value])(), { skip: ["toLocaleString"], except: {
      fill: () => [pick([number, bigInt])(), small(), small()], with: () => [small(), pick([number, bigInt])()], set: () => [pick([array, () => array(bigInt), typed])(), small()],
      sort: () => [pick([undefined, undefined, (a, b) => (a < b ? 1 : a > b ? -1 : 0)])], toSorted: () => [pick([undefined, (a, b) => (a < b ? 1 : a > b ? -1 : 0)])] } });
  }
  for (const type of [...typedArrays, ...(typeof Float16Array === "function" ? [Float16Array] : [])]) tried(`${type.name}.from`, () => [array()], (list) => type.from(list));
  const searched = (list) => [list, list.length > 0 ? pick(Array.from(list)) : 0, pick([0, small()])];
  for (const name of ["indexOf", "lastIndexOf", "includes"]) {
    for (const [path, make] of [["array", array], ["typed array", typed], ["BigInt typed array", bigTyped], ["signed bytes", () => Int8Array.from(array(() => -small()))]]) {
      tried(`search of ${path} by ${name}`, () => searched(make()), (list, item, start) => [list[name](item), list[name](item, start)]);
    }
    tried(`search of text by ${name}`, () => { const whole = text(); return [whole, whole.slice(below(4), below(8)), small()]; }, (whole, part, start) => [whole[name](part), whole[name](part, start)]);
  }
  for (const type of [BigInt64Array, BigUint64Array]) tried(`${type.name}.from`, () => [array(bigInt)], (list) => type.from(list));
  methods("DataView.prototype", DataView.prototype, () => new DataView(Uint8Array.from({ length: 16 }, () => below(256)).buffer), () => pick([() => below(18), small, number, bigInt, () => true])());
  for (const name of ["Int8", "Uint8", "Int16", "Uint16", "Int32", "Uint32", "Float16", "Float32", "Float64", "BigInt64", "BigUint64"]) {
    if (`set${name}` in DataView.prototype) tried(`DataView ${name}`, () => [pick([0, 1, 3]), name.startsWith("Big") ? bigInt() : number(), random() < 0.5], (at, given, little) => {
      const view = new DataView(new ArrayBuffer(16));
      view[`set${name}`](at, given, little);
      return [view.buffer, view[`get${name}`](at, little), view[`get${name}`](at, !little)];
    });
  }
  methods("ArrayBuffer.prototype", ArrayBuffer.prototype, () => Uint8Array.from({ length: 9 }, () => below(256)).buffer, small);
  methods("Reflect", Reflect, () => undefined, () => pick([() => ({ a: 1 }), () => array(), () => (item) => item, text, small])(), { skip: ["getPrototypeOf", "setPrototypeOf", "getOwnPropertyDescriptor", "apply", "construct", "defineProperty"] });
  methods("Boolean.prototype", Boolean.prototype, () => random() < 0.5, value, { most: 1 });
  methods("Symbol.prototype", Symbol.prototype, () => 1, value, { most: 0 });
  // ---- programs: random statements over a few variables, whose values are the outcome

  const NAMES = ["a", "b", "c", "d", "e"];
  const BINARY = ["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", ">>>", "<", "<=", ">", ">=", "===", "!==", "==", "&&", "||", "??", ","];
  const METHODS = ["slice(1)", "slice(-2)", "indexOf(b)", "includes(a)", "concat(c)", "join('-')", "at(-1)", "map((x) => [x])", "filter(Boolean)",
    "reverse()", "toString()", "valueOf()", "length", "sort()", "flat()", "keys?.()", "split('')", "trim()", "toUpperCase()", "repeat(2)", "padStart(5, a)",
    "replace(/[a-c1]/g, (x) => x + x)", "toFixed(2)", "toSorted?.((x, y) => (x < y ? -1 : x > y ? 1 : 0))", "reduce((x, y) => x + y, '')", "x", "y?.z", "constructor.name"];
  const WHOLE = ["abs", "ceil", "clz32", "floor", "fround", "imul", "max", "min", "round", "sign", "sqrt", "trunc"];
  let depthOfCode = 0;

  function deeper(make) {
    depthOfCode += 1;
    try {
      return make();
    } finally {
      depthOfCode -= 1;
    }
  }
  const literal = () => pick([
    () => String(between(-9, 99)), () => pick(["0.5", "-0", "NaN", "1e21", "2 ** 31", "4294967295", "0.1", "Infinity", "1 / 3"]), () => JSON.stringify(plainText()),
    () => between(0, 99) + "n", () => pick(["true", "false", "null", "undefined"]), () => `[${many(3, literal)}]`, () => "{}", () => pick(["/b/", "new Map()", "new Set([1])"]),
  ])();
  const name = () => pick(NAMES);
  const code = () => deeper(() => (depthOfCode > 4 ? pick([name, literal])() : pick(expressions)()));
  const expressions = [
    name, name, literal, () => `(${code()} ${pick(BINARY)} ${code()})`, () => `(${code()} ${pick(BINARY)} ${code()})`, () => `(${pick(["-", "+", "!", "~", "typeof ", "void "])}${code()})`,
    () => `(${code()} ? ${code()} : ${code()})`, () => `${name()}.${pick(METHODS)}`, () => `Object(${code()}).${pick(METHODS)}`, () => `Math.${pick(WHOLE)}(${code()}, ${code()})`,
    // In parentheses: QuickJS refuses a text before `/` within a pattern.
    () => `(\`${plainText().replace(/`|\$/g, "")}\${${code()}}\`)`, () => `[${code()}, ...[${code()}, ${code()}]]`, // Not of a text itself, which QuickJS spreads to nothing.
    () => `({ x: ${code()}, [${code()}]: ${code()}, ...Object(${name()}) })`,
    () => `((x, y = ${code()}, ...z) => ${code()})(${code()})`, () => `${name()}?.[${code()}]`, () => `[...walk(${code()})]`, () => `JSON.stringify(${code()})`,
    () => `(() => { ${statement()} return ${code()}; })()`, () => `Object.entries(Object(${code()}))`, () => `parseInt(${code()}, ${pick([2, 8, 10, 16, 32])})`, () => `String(${code()})`,
    () => `Number(${code()})`, () => `new Box(${code()}).twice`, () => `(${name()} = keep(${code()}))`, () => `(${name()}${pick(["++", "--"])})`, () => `BigInt.asIntN(64, BigInt(${code()}))`,
    () => `Array.from({ length: ${between(0, 4)} }, (_, i) => ${code()} + i)`, () => `new Uint8Array([${code()}, ${code()}])[1]`, () => `Box.count`, () => `(${code()} instanceof ${pick(["Array", "Object", "Box"])})`,
  ];
  const block = () => `{ ${many(3, statement).join(" ")} }`;
  const statement = () => deeper(() => (depthOfCode > 4 ? `${name()} = keep(${name()});` : pick(statements)()));
  const statements = [
    () => `${name()} = keep(${code()});`, () => `${name()} = keep(${code()});`, () => `${name()} ${pick(["+=", "-=", "*=", "|=", "??=", "&&=", "||="])} keep(${code()});`, () => `if (${code()}) ${block()} else ${block()}`,
    () => `for (let i = 0; i < ${between(1, 6)}; i += 1) { tick(); ${pick(["", "if (i === 2) continue;", `if (${code()}) break;`])} ${statement()} }`,
    () => `for (const item of Object.values(Object(${code()}))) { tick(); ${name()} = keep(item); ${statement()} }`, () => `for (const key in Object(${code()})) { tick(); ${name()} = keep(key); }`,
    () => `try ${block()} catch (ex) { ${name()} = keep(ex instanceof Error ? ex.name : ex); } finally ${block()}`, () => `try { throw ${code()}; } catch ({ x, length = 1 }) { ${name()} = keep([x, length]); }`,
    () => `switch (${code()}) { case ${literal()}: ${statement()} case ${code()}: ${statement()} break; default: ${statement()} }`,
    () => `{ const [x, { y = ${code()} } = {}, ...z] = [...walk(${code()})]; ${name()} = keep([x, y, z]); }`, () => `outer: for (const i of [1, 2, 3]) { tick(); for (const j of [1, 2]) { ${statement()} if (${code()}) ${pick(["break", "continue"])} outer; } }`,
    () => `{ const f = (n) => { tick(); return n > 0 ? [f(n - 1), ${code()}] : ${code()}; }; ${name()} = keep(f(${between(0, 3)})); }`, () => `{ let i = 0; do { tick(); ${statement()} } while (++i < ${between(1, 4)}); }`,
    () => `{ const bound = []; for (let i = 0; i < 3; i += 1) bound.push(() => i + ${literal()}); ${name()} = keep(bound.map((f) => f())); }`, () => `delete Object(${name()})[${code()}];`,
  ];
  const PRELUDE = `"use strict"; let ticks = 0; const tick = () => { if (++ticks > 300) throw "too long"; };
    const keep = (v) => { tick(); return typeof v === "bigint" ? BigInt.asIntN(128, v) : typeof v === "function" || typeof v === "symbol" ? typeof v : typeof v === "string" ? v.slice(0, 40)
      : typeof v === "object" && v !== null && JSON.stringify(v, (_, part) => typeof part === "bigint" ? "n" : part).length > 200 ? "big" : v; };
    function* walk(v) { for (const part of typeof v === "object" && v !== null ? Object.values(v) : [v]) { tick(); yield part; } return 1; }
    class Box { static count = 0; #held; constructor(v) { Box.count += 1; this.#held = v; } get twice() { return [this.#held, this.#held]; } }`;
  const program = () => `let ${NAMES.map((one) => `${one} = ${literal()}`).join(", ")};
    try { ${Array.from({ length: 6 }, statement).join("\n")} } catch (ex) { a = ex instanceof Error ? ex.name : ex; } return [${NAMES}];`;
  for (let number = 0; number < 100; number += 1) tried(`program ${number}`, () => [program()], (source) => (0, eval)(`(() => { ${PRELUDE} ${source} })()`));

  return JSON.stringify(outcomes);
})
