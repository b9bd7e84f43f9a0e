// What a job's `render` returns is data of strangers: what is accepted, and what is refused with its path.

import assert from "node:assert/strict";
import test from "node:test";
import { InvalidRender } from "../../web/render/checks.js";
import { rangeOf, scaleOf } from "../../web/render/scale.js";
import { MAX_RENDER, validated } from "../../web/render/validate.js";

/** @param {unknown} value */
const read = (value) => /** @type {any} */ (validated(JSON.stringify(value)));

const PICTURE = { type: "picture", width: 4, height: 2, tiles: [] };
const TILE = { x: 0, y: 0, width: 2, height: 2, pixels: [0, 1, 2, 255] };
const SERIES = { type: "series", series: [{ y: [1, 2] }] };
const HISTOGRAM = { type: "histogram", edges: [0, 1, 2], counts: [3, 4] };
const POINTS = { type: "points", x: [1, 2], y: [3, 4] };
const TABLE = { type: "table", columns: ["n", "text"], rows: [[1, "a"]] };

test("a picture has tiles of pixels, as numbers or in base64", () => {
  const { tiles, palette } = read({ ...PICTURE, tiles: [TILE, { ...TILE, x: 2, pixels: "AAEC/w==", variable: "b" }] });
  assert.deepEqual([...tiles[0].pixels], [0, 1, 2, 255]);
  assert.deepEqual([...tiles[1].pixels], [0, 1, 2, 255]);
  assert.deepEqual([tiles[0].variable, tiles[1].variable], ["", "b"]);
  assert.deepEqual([palette[0], palette[255]], [[0, 0, 0], [255, 255, 255]]);
});

test("a palette names the colours", () => {
  assert.deepEqual(read({ ...PICTURE, palette: ["#000000", "#FF8001"] }).palette, [[0, 0, 0], [255, 128, 1]]);
});

test("the values of a series are numbered unless it has x, and null is a gap", () => {
  const [line] = read({ type: "series", series: [{ name: "a", y: [1, null, 3] }] }).lines;
  assert.deepEqual(line, { name: { "": "a" }, x: [0, 1, 2], y: [1, null, 3] });
  assert.deepEqual(read({ type: "series", series: [{ x: [5, 7], y: [1, 2] }] }).lines[0].x, [5, 7]);
});

test("a histogram has edges or labels", () => {
  assert.deepEqual(read(HISTOGRAM).edges, [0, 1, 2]);
  assert.deepEqual(read({ type: "histogram", labels: ["a", "b"], counts: [1, 2] }).labels, ["a", "b"]);
});

test("points and rows may name the variables that they come from", () => {
  assert.deepEqual(read({ ...POINTS, variables: ["a", "b"] }).variables, ["a", "b"]);
  assert.deepEqual(read({ ...TABLE, variables: ["a"] }).variables, ["a"]);
  assert.deepEqual(read(POINTS).variables, []);
});

test("texts may be given by locale", () => {
  assert.deepEqual(read({ ...TABLE, caption: { de: "Zahlen", en: "Numbers" } }).caption, { de: "Zahlen", en: "Numbers" });
  assert.deepEqual(read({ ...TABLE, caption: "Numbers" }).caption, { "": "Numbers" });
});

test("cells are texts, numbers, booleans or empty", () => {
  assert.deepEqual(read({ type: "table", columns: ["a"], rows: [["x"], [1], [true], [null]] }).rows, [["x"], [1], [true], [null]]);
});

test("what is not described is left out", () => {
  const value = read({ ...TABLE, onclick: "alert(1)", html: "<script>" });
  assert.deepEqual(Object.keys(value), ["type", "caption", "columns", "rows", "variables"]);
});

const long = "x".repeat(201);
const many = (/** @type {number} */ count) => new Array(count).fill(0);

/** @type {[unknown, RegExp][]} */
const REFUSED = [
  [null, /^render must be an object/],
  [[], /^render must be an object/],
  ["<img src=x onerror=alert(1)>", /^render must be an object/],
  [{}, /^render\.type must be one of picture, series, histogram, points, table/],
  [{ type: "html" }, /^render\.type/],
  [{ type: "constructor" }, /^render\.type/],
  [{ type: "__proto__" }, /^render\.type/],
  [{ ...PICTURE, width: 2049 }, /^picture size must be a whole number from 1 to 2048/],
  [{ ...PICTURE, width: 1.5 }, /^picture size/],
  [{ ...PICTURE, height: "2" }, /^picture size/],
  [{ ...PICTURE, tiles: {} }, /^tiles must be an array/],
  [{ ...PICTURE, tiles: [null] }, /^tiles\[0\] must be an object/],
  [{ ...PICTURE, tiles: many(4097) }, /^tiles has 4097 entries/],
  [{ ...PICTURE, tiles: [{ ...TILE, x: 3 }] }, /^tiles\[0\]\.width must be a whole number from 1 to 1/],
  [{ ...PICTURE, tiles: [{ ...TILE, x: -1 }] }, /^tiles\[0\]\.x/],
  [{ ...PICTURE, tiles: [{ ...TILE, pixels: [1, 2, 3] }] }, /^tiles\[0\]\.pixels has 3 entries/],
  [{ ...PICTURE, tiles: [{ ...TILE, pixels: [1, 2, 3, 256] }] }, /^tiles\[0\]\.pixels must be from 0 to 255/],
  [{ ...PICTURE, tiles: [{ ...TILE, pixels: [1, 2, 3, "4"] }] }, /^tiles\[0\]\.pixels/],
  [{ ...PICTURE, tiles: [{ ...TILE, pixels: "AAEC" }] }, /^tiles\[0\]\.pixels has 3 pixels instead of 4/],
  [{ ...PICTURE, tiles: [{ ...TILE, pixels: "<>" }] }, /^tiles\[0\]\.pixels must be base64/],
  [{ ...PICTURE, palette: ["#000000", "#ffffff"], tiles: [TILE] }, /^tiles\[0\]\.pixels must be from 0 to 1/],
  [{ ...PICTURE, palette: ["red", "blue"] }, /^palette\[0\] must be a colour/],
  [{ ...PICTURE, palette: ["url(https://evil.example/)", "#000000"] }, /^palette\[0\]/],
  [{ ...PICTURE, tiles: [TILE, { ...TILE, x: 2 }, TILE] }, /^tiles have more pixels than the picture/],
  [{ ...PICTURE, tiles: [{ ...TILE, variable: 7 }] }, /^tiles\[0\]\.variable must be a text/],
  [{ type: "series", series: new Array(9).fill({ y: [] }) }, /^series has 9 entries/],
  [{ type: "series", series: [{ y: ["1"] }] }, /^series\[0\]\.y\[0\] must be a number/],
  [{ type: "series", series: [{ x: [1], y: [1, 2] }] }, /^series\[0\]\.x has 1 entries \(at least 2\)/],
  [{ type: "series", series: [{ y: many(20_001) }] }, /^series\[0\]\.y has 20001 entries/],
  [{ type: "series", series: [{ y: many(15_000) }, { y: many(15_000) }] }, /^series have 30000 values/],
  [{ ...HISTOGRAM, counts: [3, -1] }, /^counts must not be negative/],
  [{ ...HISTOGRAM, edges: [0, 1] }, /^edges has 2 entries/],
  [{ ...HISTOGRAM, edges: [0, 2, 1] }, /^edges must ascend/],
  [{ type: "histogram", labels: ["a"], counts: [1, 2] }, /^labels has 1 entries/],
  [{ type: "histogram", edges: many(402), counts: many(401) }, /^counts has 401 entries/],
  [{ ...POINTS, y: [1] }, /^y has 1 entries/],
  [{ ...POINTS, x: [1, null] }, /^x\[1\] must be a number/],
  [{ ...POINTS, variables: ["a"] }, /^variables has 1 entries/],
  [{ ...TABLE, columns: [] }, /^columns has 0 entries/],
  [{ ...TABLE, rows: [[1]] }, /^rows\[0\] has 1 entries/],
  [{ ...TABLE, rows: [[1, { toString: "x" }]] }, /^rows\[0\]\[1\] must be a text/],
  [{ ...TABLE, rows: [[1, long]] }, /^rows\[0\]\[1\] has more than 200 characters/],
  [{ ...TABLE, caption: long }, /^caption has more than 200 characters/],
  [{ ...TABLE, caption: { de: 1 } }, /^caption\.de must be a text/],
  [{ ...SERIES, x_label: ["x"] }, /^x_label must be an object/],
];

for (const [value, message] of REFUSED) {
  test(`${JSON.stringify(value)?.slice(0, 60)} is refused: ${message.source}`, () => {
    assert.throws(() => read(value), (ex) => ex instanceof InvalidRender && message.test(ex.message));
  });
}

test("numbers beyond doubles, and what is too large, are refused", () => {
  assert.throws(() => validated('{"type": "points", "x": [1e999], "y": [1]}'), InvalidRender);
  assert.throws(() => validated(`"${"x".repeat(MAX_RENDER)}"`), InvalidRender);
});

test("axes end at round numbers, and place what lies between", () => {
  const scale = scaleOf([3, 97], 0, 100);
  assert.deepEqual(scale.ticks, [0, 20, 40, 60, 80, 100]);
  assert.equal(scale.place(50), 50);
  assert.deepEqual(scaleOf([0, 0.3], 0, 1).ticks, [0, 0.1, 0.2, 0.3]);
});

test("one value, none, and the largest ones have an axis", () => {
  for (const range of /** @type {([number, number] | null)[]} */ ([[5, 5], [0, 0], null, [-1e100, 1e100], [1e-9, 2e-9]])) {
    const { ticks, place, from, to } = scaleOf(range, 10, 90);
    assert.ok(ticks.length >= 2 && ticks.length < 20);
    assert.ok([place(from), place(to)].every(Number.isFinite));
  }
  assert.equal(rangeOf([null]), null);
  assert.deepEqual(rangeOf([3, null, -1]), [-1, 3]);
});
