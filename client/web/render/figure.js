// A checked render as a figure: the picture, its caption, and a table of its numbers.

import { element } from "../dom.js";
import { drawHistogram, drawPoints, drawSeries } from "./charts.js";
import { drawPicture } from "./picture.js";
import { cellsOf, drawTable } from "./table.js";

/** @typedef {import("../languages.js").Language} Language */
/** @typedef {import("./validate.js").Render} Render */
/**
 * @typedef {object} Setting
 * @property {Language} language
 * @property {string} name of the job
 * @property {number} width in pixels
 * @property {(variable: string) => boolean} isMine
 */

/** @param {Render} render @param {Setting} setting @returns {Element} */
export function figureOf(render, setting) {
  const { language, name } = setting;
  const caption = language.bestOf(render.caption);
  const label = language.text(`render.${render.type}`, { job: name, caption: caption?.text ?? "" });
  const drawn = draw(render, setting, label);
  const captions = caption ? [element("figcaption", { lang: caption.lang, dir: "auto" }, caption.text)] : [];
  return element("figure", { class: "figure" }, drawn, ...captions, ...legend(render, language), ...numbers(render, language, label));
}

/** @param {Render} render @param {Setting} setting @param {string} label */
function draw(render, setting, label) {
  if (render.type === "table") return drawTable(tableCells(render, setting), setting.language, label);
  const drawn = drawImage(render, setting);
  drawn.setAttribute("role", "img");
  drawn.setAttribute("aria-label", label);
  return drawn;
}

/** @param {Exclude<Render, {type: "table"}>} render @param {Setting} setting */
function drawImage(render, setting) {
  if (render.type === "picture") return drawPicture(render, setting.isMine);
  if (render.type === "series") return drawSeries(render, setting);
  return render.type === "points" ? drawPoints(render, setting) : drawHistogram(render, setting);
}

/** @param {import("./validate.js").Table} table @param {Setting} setting */
const tableCells = ({ columns, rows, variables }, { language, isMine }) => ({
  columns: columns.map((column) => language.bestOf(column)?.text ?? ""),
  rows,
  mine: variables.map(isMine),
});

/** The names of several lines. @param {Render} render @param {Language} language */
function legend(render, language) {
  if (render.type !== "series" || render.lines.length < 2) return [];
  const items = render.lines.map(({ name }, index) => {
    const text = language.bestOf(name)?.text || String(index + 1);
    return element("li", {}, element("span", { class: `sample line-${index}` }), element("bdi", {}, text));
  });
  return [element("ul", { class: "legend" }, ...items)];
}

/** @param {Render} render @param {Language} language @param {string} label */
function numbers(render, language, label) {
  const cells = cellsOf(render, language);
  if (!cells || cells.rows.length === 0) return [];
  const summary = element("summary", {}, language.text("render.numbers"));
  return [element("details", {}, summary, drawTable(cells, language, label))];
}

/** How many parts of a render are the visitor's, and of how many. @param {Render} render @param {(variable: string) => boolean} isMine */
export function partsOf(render, isMine) {
  const variables = "variables" in render ? render.variables : [];
  const named = render.type === "picture" ? render.tiles.map(({ variable }) => variable) : variables;
  return { count: named.length, mine: named.filter((variable) => variable !== "" && isMine(variable)).length };
}
