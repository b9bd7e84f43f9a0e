// What a job's `render` returned, checked before anything is drawn: it is data of strangers. Pure: no document is
// touched here. A value is of one of five kinds (docs/jobs.md); everything that is not described there is ignored, and
// everything beyond a limit is an error that names its path.

import { list, localised, number, object, refuse, text, variables, whole } from "./checks.js";

/** @typedef {Record<string, string>} Localised texts by locale; a text without one has the locale "" */
/** @typedef {{x: number, y: number, width: number, height: number, pixels: Uint8Array, variable: string}} Tile */
/**
 * @typedef {object} Picture
 * @property {"picture"} type
 * @property {Localised} caption
 * @property {number} width
 * @property {number} height
 * @property {[number, number, number][]} palette red, green and blue of each value of a pixel
 * @property {Tile[]} tiles
 */
/** @typedef {{name: Localised, x: number[], y: (number | null)[]}} Line */
/** @typedef {{caption: Localised, xLabel: Localised, yLabel: Localised}} Labels */
/** @typedef {Labels & {type: "series", lines: Line[]}} Series */
/** @typedef {Labels & {type: "histogram", counts: number[], edges: number[], labels: string[]}} Histogram */
/** @typedef {Labels & {type: "points", x: number[], y: number[], variables: string[]}} Points */
/** @typedef {string | number | boolean | null} Cell */
/**
 * @typedef {object} Table
 * @property {"table"} type
 * @property {Localised} caption
 * @property {Localised[]} columns
 * @property {Cell[][]} rows
 * @property {string[]} variables
 */
/** @typedef {Picture | Series | Histogram | Points | Table} Render */

/** Of the JSON text, in characters. */
export const MAX_RENDER = 1 << 20;
const MAX_SIDE = 2048;
const MAX_TILES = 4096;
const MAX_LINES = 8;
const MAX_VALUES = 20_000;
const MAX_BARS = 400;
const MAX_COLUMNS = 20;
const MAX_ROWS = 400;
const COLOUR = /^#[0-9a-f]{6}$/i;
/** @type {[number, number, number][]} */
const GREYS = Array.from({ length: 256 }, (_, value) => [value, value, value]);

/** @type {Record<string, (value: Record<string, any>) => Render>} */
const KINDS = { picture, series, histogram, points, table };

/**
 * The checked render. Throws InvalidRender.
 * @param {string} json what `render` returned, as JSON text
 * @returns {Render}
 */
export function validated(json) {
  if (json.length > MAX_RENDER) refuse("render", `is larger than ${MAX_RENDER} characters of JSON`);
  const value = object("render", JSON.parse(json));
  const kind = typeof value.type === "string" && Object.hasOwn(KINDS, value.type) ? KINDS[value.type] : undefined;
  return kind ? kind(value) : refuse("render.type", `must be one of ${Object.keys(KINDS).join(", ")}`);
}

/** @param {Record<string, any>} value @returns {Picture} */
function picture(value) {
  const [width, height] = [value.width, value.height].map((side) => whole("picture size", side, 1, MAX_SIDE));
  const palette = value.palette === undefined ? GREYS : list("palette", value.palette, 256, 2).map(colour);
  const tiles = list("tiles", value.tiles, MAX_TILES);
  let left = width * height;
  const checked = tiles.map((tile, index) => {
    const one = tileOf(`tiles[${index}]`, object(`tiles[${index}]`, tile), width, height, palette.length);
    left -= one.pixels.length;
    // Else a few pixels of JSON, repeated, could cost a second of drawing.
    return left >= 0 ? one : refuse("tiles", "have more pixels than the picture");
  });
  return { type: "picture", caption: localised("caption", value.caption), width, height, palette, tiles: checked };
}

/** @param {unknown} value @param {number} index @returns {[number, number, number]} */
function colour(value, index) {
  if (typeof value !== "string" || !COLOUR.test(value)) return refuse(`palette[${index}]`, "must be a colour, as #0b6b67");
  const channel = (/** @type {number} */ start) => Number.parseInt(value.slice(start, start + 2), 16);
  return [channel(1), channel(3), channel(5)];
}

/** @param {string} path @param {Record<string, any>} tile @param {number} width @param {number} height @param {number} colours @returns {Tile} */
function tileOf(path, tile, width, height, colours) {
  const x = whole(`${path}.x`, tile.x, 0, width - 1);
  const y = whole(`${path}.y`, tile.y, 0, height - 1);
  const size = {
    width: whole(`${path}.width`, tile.width, 1, width - x),
    height: whole(`${path}.height`, tile.height, 1, height - y),
  };
  const pixels = pixelsOf(`${path}.pixels`, tile.pixels, size.width * size.height, colours);
  const variable = tile.variable === undefined ? "" : text(`${path}.variable`, tile.variable);
  return { x, y, ...size, pixels, variable };
}

/** An array of numbers, or the same bytes in base64. @param {string} path @param {unknown} value @param {number} count @param {number} colours */
function pixelsOf(path, value, count, colours) {
  const pixels = typeof value === "string" ? bytesOf(path, value) : list(path, value, count, count);
  if (pixels.length !== count) refuse(path, `has ${pixels.length} pixels instead of ${count}`);
  for (const pixel of pixels) {
    if (!Number.isInteger(pixel) || pixel < 0 || pixel >= colours) refuse(path, `must be from 0 to ${colours - 1}`);
  }
  return Uint8Array.from(pixels);
}

/** @param {string} path @param {string} value */
function bytesOf(path, value) {
  try {
    return Uint8Array.from(atob(value), (character) => character.charCodeAt(0));
  } catch {
    return refuse(path, "must be base64, or an array of numbers");
  }
}

/** @param {Record<string, any>} value @returns {Labels} */
const labelsOf = (value) => ({
  caption: localised("caption", value.caption),
  xLabel: localised("x_label", value.x_label),
  yLabel: localised("y_label", value.y_label),
});

/** @param {Record<string, any>} value @returns {Series} */
function series(value) {
  const lines = list("series", value.series, MAX_LINES).map((line, index) =>
    lineOf(`series[${index}]`, object(`series[${index}]`, line)),
  );
  const count = lines.reduce((sum, { y }) => sum + y.length, 0);
  if (count > MAX_VALUES) refuse("series", `have ${count} values (at most ${MAX_VALUES})`);
  return { type: "series", ...labelsOf(value), lines };
}

/** Without `x` the values are numbered; a null is a gap. @param {string} path @param {Record<string, any>} line @returns {Line} */
function lineOf(path, line) {
  const y = list(`${path}.y`, line.y, MAX_VALUES);
  const x = line.x === undefined ? y.map((_, index) => index) : numbers(`${path}.x`, line.x, y.length, y.length);
  const values = y.map((one, index) => (one === null ? null : number(`${path}.y[${index}]`, one)));
  return { name: localised(`${path}.name`, line.name), x, y: values };
}

/** @param {Record<string, any>} value @returns {Histogram} */
function histogram(value) {
  const counts = numbers("counts", value.counts, MAX_BARS);
  if (counts.some((count) => count < 0)) refuse("counts", "must not be negative");
  const hasLabels = value.labels !== undefined;
  const labels = hasLabels ? list("labels", value.labels, counts.length, counts.length) : [];
  const edges = hasLabels ? [] : numbers("edges", value.edges, counts.length + 1, counts.length + 1);
  if (edges.some((edge, index) => index > 0 && edge <= edges[index - 1])) refuse("edges", "must ascend");
  const texts = labels.map((label, index) => text(`labels[${index}]`, label));
  return { type: "histogram", ...labelsOf(value), counts, edges, labels: texts };
}

/** @param {Record<string, any>} value @returns {Points} */
function points(value) {
  const x = numbers("x", value.x, MAX_VALUES);
  const y = numbers("y", value.y, x.length, x.length);
  return { type: "points", ...labelsOf(value), x, y, variables: variables("variables", value.variables, x.length) };
}

/** @param {string} path @param {unknown} value @param {number} most @param {number} [least] */
const numbers = (path, value, most, least) =>
  list(path, value, most, least).map((one, index) => number(`${path}[${index}]`, one));

/** @param {Record<string, any>} value @returns {Table} */
function table(value) {
  const columns = list("columns", value.columns, MAX_COLUMNS, 1);
  const rows = list("rows", value.rows, MAX_ROWS).map((row, index) => {
    const cells = list(`rows[${index}]`, row, columns.length, columns.length);
    return cells.map((cell, column) => cellOf(`rows[${index}][${column}]`, cell));
  });
  return {
    type: "table",
    caption: localised("caption", value.caption),
    columns: columns.map((column, index) => localised(`columns[${index}]`, column)),
    rows,
    variables: variables("variables", value.variables, rows.length),
  };
}

/** @param {string} path @param {unknown} value @returns {Cell} */
function cellOf(path, value) {
  if (value === null || typeof value === "boolean") return value;
  return typeof value === "number" ? number(path, value) : text(path, value);
}
