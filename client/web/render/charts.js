// Series, histograms and points as SVG, in the page's colours and in as many pixels as there is room.

import { rangeOf, scaleOf } from "./scale.js";

/** @typedef {import("../languages.js").Language} Language */
/** @typedef {import("./scale.js").Scale} Scale */
/** @typedef {import("./validate.js").Histogram} Histogram */
/** @typedef {import("./validate.js").Labels} Labels */
/** @typedef {import("./validate.js").Points} Points */
/** @typedef {import("./validate.js").Series} Series */
/** @typedef {{language: Language, width: number, isMine: (variable: string) => boolean}} Drawing */
/** @typedef {{x: Scale, y: Scale, width: number, height: number}} Area */

const NAMESPACE = "http://www.w3.org/2000/svg";
const MARGIN = { left: 60, right: 24, top: 12, bottom: 46 };
/** Height by width, and the highest. */
const RATIO = 0.56;
const MAX_HEIGHT = 420;
/** Pixels that a label of the x axis needs. */
const LABEL_WIDTH = 64;

/** @param {string} name @param {Record<string, string | number>} attributes @param {(Node | string)[]} children */
function svg(name, attributes, ...children) {
  const created = document.createElementNS(NAMESPACE, name);
  for (const [attribute, value] of Object.entries(attributes)) created.setAttribute(attribute, String(value));
  created.append(...children);
  return created;
}

/** @param {Series} series @param {Drawing} drawing */
export function drawSeries({ lines, ...labels }, drawing) {
  const x = rangeOf(lines.flatMap((line) => rangeOf(line.x) ?? []));
  const y = rangeOf(lines.flatMap((line) => rangeOf(line.y) ?? []));
  const area = areaOf(x, y, drawing.width);
  const paths = lines.map((line, index) => svg("path", { class: `line line-${index}`, d: pathOf(line, area) }));
  return chart(area, labels, drawing, [...axes(area, drawing), ...paths]);
}

/** A null begins a new part of the line. @param {import("./validate.js").Line} line @param {Area} area */
function pathOf({ x, y }, area) {
  let isDrawing = false;
  return y
    .map((value, index) => {
      const command = isDrawing ? "L" : "M";
      isDrawing = value !== null;
      // A line without length, so that a value between two gaps is a dot.
      return value === null ? "" : `${command}${at(area, x[index], value)}${command === "M" ? "h0" : ""}`;
    })
    .join("");
}

/** @param {Area} area @param {number} x @param {number} y */
const at = (area, x, y) => `${area.x.place(x).toFixed(1)} ${area.y.place(y).toFixed(1)}`;

/** @param {Points} points @param {Drawing} drawing */
export function drawPoints({ x, y, variables, ...labels }, drawing) {
  const area = areaOf(rangeOf(x), rangeOf(y), drawing.width);
  const isMine = (/** @type {number} */ index) => variables.length > 0 && drawing.isMine(variables[index]);
  const dots = (/** @type {boolean} */ mine) =>
    x.map((value, index) => (isMine(index) === mine ? `M${at(area, value, y[index])}h0` : "")).join("");
  const paths = [svg("path", { class: "dots", d: dots(false) }), svg("path", { class: "dots mine", d: dots(true) })];
  return chart(area, labels, drawing, [...axes(area, drawing), ...paths]);
}

/** @param {Histogram} histogram @param {Drawing} drawing */
export function drawHistogram({ counts, edges, labels: names, ...labels }, drawing) {
  const borders = names.length > 0 ? [...counts.keys(), counts.length] : edges;
  const area = areaOf(rangeOf(borders), rangeOf([0, ...counts]), drawing.width, false);
  const bars = counts.map((count, index) => bar(area, borders[index], borders[index + 1], count));
  const xAxis = names.length > 0 ? nameAxis(area, names) : numberAxis(area, drawing.language);
  return chart(area, labels, drawing, [...yAxis(area, drawing.language), ...xAxis, ...bars]);
}

/** @param {Area} area @param {number} from @param {number} to @param {number} count */
function bar(area, from, to, count) {
  const [left, right] = [area.x.place(from), area.x.place(to)];
  const top = area.y.place(count);
  const gap = Math.min(1, (right - left) / 5);
  const width = Math.max(0.5, right - left - gap);
  return svg("rect", { class: "bar", x: left + gap / 2, y: top, width, height: Math.max(0, area.y.place(0) - top) });
}

/**
 * @param {[number, number] | null} x @param {[number, number] | null} y @param {number} width
 * @param {boolean} [isRounded] whether the x axis ends at round numbers
 * @returns {Area}
 */
function areaOf(x, y, width, isRounded = true) {
  const height = Math.min(MAX_HEIGHT, Math.round(width * RATIO));
  const scale = scaleOf(x, MARGIN.left, width - MARGIN.right);
  return {
    x: isRounded || x === null ? scale : exactly(scale, x, width),
    y: scaleOf(y, height - MARGIN.bottom, MARGIN.top),
    width,
    height,
  };
}

/** Bars fill their axis. @param {Scale} scale @param {[number, number]} range @param {number} width @returns {Scale} */
function exactly(scale, [from, to], width) {
  const [start, end] = [MARGIN.left, width - MARGIN.right];
  const place = (/** @type {number} */ value) => start + ((value - from) / (to - from || 1)) * (end - start);
  return { from, to, place, ticks: scale.ticks.filter((tick) => tick >= from && tick <= to) };
}

/** @param {Area} area @param {Drawing} drawing */
const axes = (area, { language }) => [...yAxis(area, language), ...numberAxis(area, language)];

/** @param {Area} area @param {Language} language */
function yAxis({ y, width }, language) {
  return y.ticks.flatMap((tick) => {
    const place = y.place(tick);
    const line = svg("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: place, y2: place });
    const label = svg("text", { class: "tick", x: MARGIN.left - 8, y: place + 4, "text-anchor": "end" });
    label.append(shortNumber(tick, language));
    return [line, label];
  });
}

/** @param {Area} area @param {Language} language */
function numberAxis({ x, width, height }, language) {
  const every = Math.ceil((x.ticks.length * LABEL_WIDTH) / (width - MARGIN.left));
  const shown = x.ticks.filter((_, index) => index % every === 0);
  return shown.map((tick) => xLabel(x.place(tick), height, shortNumber(tick, language)));
}

/** @param {Area} area @param {string[]} names */
function nameAxis({ x, width, height }, names) {
  const every = Math.ceil((names.length * LABEL_WIDTH) / (width - MARGIN.left));
  const shown = names.map((name, index) => ({ name, index })).filter(({ index }) => index % every === 0);
  return shown.map(({ name, index }) => xLabel(x.place(index + 0.5), height, name.slice(0, 12)));
}

/** @param {number} x @param {number} height @param {string} label */
const xLabel = (x, height, label) =>
  svg("text", { class: "tick", x, y: height - MARGIN.bottom + 18, "text-anchor": "middle" }, label);

/** @param {number} value @param {Language} language */
function shortNumber(value, language) {
  const size = Math.abs(value);
  if (size !== 0 && size < 1e-3) return language.number(value, { notation: "scientific", maximumFractionDigits: 2 });
  return language.number(value, { notation: size >= 1e5 ? "compact" : "standard", maximumSignificantDigits: 4 });
}

/** @param {Area} area @param {Labels} labels @param {Drawing} drawing @param {Node[]} children */
function chart({ width, height }, { xLabel: below, yLabel: beside }, { language }, children) {
  const middle = (height - MARGIN.bottom + MARGIN.top) / 2;
  const names = [
    svg("text", { class: "label", x: (MARGIN.left + width) / 2, y: height - 6, "text-anchor": "middle" }),
    svg("text", { class: "label", x: 12, y: middle, "text-anchor": "middle", transform: `rotate(-90 12 ${middle})` }),
  ];
  names[0].append(language.bestOf(below)?.text ?? "");
  names[1].append(language.bestOf(beside)?.text ?? "");
  return svg("svg", { class: "chart", width, height, viewBox: `0 0 ${width} ${height}` }, ...children, ...names);
}
