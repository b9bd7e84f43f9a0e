// Tables: as the picture of a job, and beside a chart, for those who don't see it.

import { element } from "../dom.js";

/** @typedef {import("../languages.js").Language} Language */
/** @typedef {import("./validate.js").Cell} Cell */
/** @typedef {import("./validate.js").Localised} Localised */
/** @typedef {import("./validate.js").Render} Render */
/** @typedef {{columns: string[], rows: Cell[][], mine: boolean[]}} Cells */

/** Of those beside a chart. */
const MAX_ROWS = 100;

/** @param {Cells} cells @param {Language} language @param {string} label */
export function drawTable({ columns, rows, mine }, language, label) {
  const head = element("tr", {}, ...columns.map((column) => element("th", { scope: "col", dir: "auto" }, column)));
  const body = rows.map((row, index) =>
    element("tr", { class: mine[index] ? "mine" : undefined }, ...row.map((cell) => cellOf(cell, language))),
  );
  const table = element("table", {}, element("thead", {}, head), element("tbody", {}, ...body));
  return element("div", { class: "table", role: "region", tabindex: 0, "aria-label": label }, table);
}

/** @param {Cell} cell @param {Language} language */
function cellOf(cell, language) {
  if (typeof cell === "number") return element("td", { class: "number" }, language.number(cell, { maximumFractionDigits: 12 }));
  return element("td", { dir: "auto" }, cell === null ? "" : String(cell));
}

/**
 * The numbers of a chart, at most a hundred rows; null for a picture.
 * @param {Render} render @param {Language} language
 * @returns {Cells | null}
 */
export function cellsOf(render, language) {
  if (render.type === "picture" || render.type === "table") return null;
  const name = (/** @type {Localised} */ texts, /** @type {string} */ other) => language.bestOf(texts)?.text || other;
  const [x, y] = [name(render.xLabel, "x"), name(render.yLabel, "y")];
  if (render.type === "histogram") return cells([x, y], histogramRows(render, language));
  if (render.type === "points") return cells([x, y], render.x.map((value, index) => [value, render.y[index]]));
  const rows = render.lines.flatMap((line, index) =>
    line.x.map((value, place) => [name(line.name, String(index + 1)), value, line.y[place]]),
  );
  return cells(["", x, y], rows);
}

/** @param {string[]} columns @param {Cell[][]} rows @returns {Cells} */
const cells = (columns, rows) => ({ columns, rows: rows.slice(0, MAX_ROWS), mine: [] });

/** @param {import("./validate.js").Histogram} histogram @param {Language} language @returns {Cell[][]} */
function histogramRows({ counts, edges, labels }, language) {
  const range = (/** @type {number} */ index) => `${language.number(edges[index])} – ${language.number(edges[index + 1])}`;
  return counts.map((count, index) => [labels.length > 0 ? labels[index] : range(index), count]);
}
