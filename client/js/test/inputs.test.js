// Inputs as the form that posts a job reads them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { csvInputs, fileInputs, InputError, listInputs, ndjsonInputs, rangeInputs } from "../../web/owning/inputs.js";
import { jsonOf } from "../../web/owning/values.js";

/** @typedef {import("../../web/owning/inputs.js").Inputs} Inputs */

/** @param {Inputs} inputs */
const all = ({ count, at }) => Array.from({ length: count }, (_, index) => JSON.parse(at(index)));

/** @param {() => unknown} read @param {string} reason @param {object} [values] */
function refuses(read, reason, values = {}) {
  assert.throws(read, (/** @type {InputError} */ ex) => {
    assert.equal(ex.reason, reason);
    assert.deepEqual(ex.values, values);
    return true;
  });
}

test("a cell is a number only if a double keeps its digits", () => {
  const kept = { 7: 7, "-3": -3, "0.1": 0.1, "1.50": 1.5, "1e3": 1000, "2.5e-7": 2.5e-7, "9007199254740992": 2 ** 53, "0.0": 0 };
  for (const [text, value] of Object.entries(kept)) assert.equal(JSON.parse(jsonOf(text)), value, text);
  const texts = ["007", "-0", "1e999", "12345678901234567890", "0.1000000000000000055", "9007199254740993", "+1", ".5", "x", ""];
  for (const text of texts) assert.equal(JSON.parse(jsonOf(text)), text);
  assert.equal(jsonOf("{a}"), '"{a}"');
});

test("JSON stays as it is written, on one line: the pool refuses what a double would round", () => {
  assert.equal(jsonOf(' {"id": 9007199254740993,\r\n "a": [1]}\n'), '{"id": 9007199254740993,  "a": [1]}');
  assert.equal(ndjsonInputs('{"id": 9007199254740993}').at(0), '{"id": 9007199254740993}');
});

test("a range includes both ends, and has no rounding errors", () => {
  assert.deepEqual(all(rangeInputs({ first: 1, last: 4, step: 1, name: "" })), [1, 2, 3, 4]);
  assert.deepEqual(all(rangeInputs({ first: 0, last: 0.3, step: 0.1, name: "x" })), [{ x: 0 }, { x: 0.1 }, { x: 0.2 }, { x: 0.3 }]);
  const large = 2 ** 53 - 3;
  assert.deepEqual(all(rangeInputs({ first: large, last: large + 2, step: 1, name: "" })), [large, large + 1, large + 2]);
  refuses(() => rangeInputs({ first: 1, last: 2 ** 60, step: 1, name: "" }), "precise");
  refuses(() => rangeInputs({ first: 1, last: NaN, step: 1, name: "" }), "number");
  refuses(() => rangeInputs({ first: 1, last: 9, step: 0, name: "" }), "step");
  refuses(() => rangeInputs({ first: 9, last: 1, step: 1, name: "" }), "order");
  refuses(() => rangeInputs({ first: 0, last: 1e9, step: 1, name: "" }), "many", { count: 10_000_000 });
});

test("a list has a unit per line", () => {
  assert.deepEqual(all(listInputs('1\r\n\n two \n{"n": 3}\n', "")), [1, " two ", { n: 3 }]);
  assert.deepEqual(all(listInputs("5", "n")), [{ n: 5 }]);
  refuses(() => listInputs(" \n", ""), "empty");
  refuses(() => listInputs("5", "_links"), "reserved", { name: "_links" });
});

test("the first row of a CSV file names the fields", () => {
  assert.deepEqual(all(csvInputs('n,text\n1,"a, ""b""\nc"\n\n2,\n')), [{ n: 1, text: 'a, "b"\nc' }, { n: 2, text: "" }]);
  assert.deepEqual(all(csvInputs("a;b\r\n1,5;2\r\n")), [{ a: "1,5", b: 2 }]);
  assert.deepEqual(all(csvInputs("a\tb\n1\t2")), [{ a: 1, b: 2 }]);
  assert.deepEqual(Object.keys(JSON.parse(csvInputs("__proto__,b\n1,2").at(0))), ["__proto__", "b"]);
  refuses(() => csvInputs(""), "empty");
  refuses(() => csvInputs("a,b\n"), "empty");
  refuses(() => csvInputs("a,a\n1,2"), "header");
  refuses(() => csvInputs("a,b\n1,2\n3\n"), "cells", { line: 3, count: 1, wanted: 2 });
  refuses(() => csvInputs('a,b\n"1\n2",3\n"4,5'), "quote", { line: 4 });
  refuses(() => csvInputs("_embedded,b\n1,2"), "reserved", { name: "_embedded" });
});

test("an NDJSON file has a value per line", () => {
  assert.deepEqual(all(ndjsonInputs('{"n": 1}\n\n"x"\r\nnull\n')), [{ n: 1 }, "x", null]);
  refuses(() => ndjsonInputs("1\n\n{"), "json", { line: 3 });
});

test("a file is what its name or its beginning says", () => {
  assert.deepEqual(all(fileInputs("a.csv", "\ufeffn\n1\n")), [{ n: 1 }]);
  assert.deepEqual(all(fileInputs("a.jsonl", "1\n")), [1]);
  assert.deepEqual(all(fileInputs("a.txt", '{"n": 1}\n')), [{ n: 1 }]);
  assert.deepEqual(all(fileInputs("a.txt", "n\n1\n")), [{ n: 1 }]);
});
