// Tables of facts: as the server makes them (resources/tables.py), in the visitor's language.

import { element, setText } from "./dom.js";
import { linkTo } from "./links.js";

/** @typedef {import("./languages.js").Language} Language */
/** @typedef {{key: string, kind?: string}} Column `key` of its heading's text; `kind` is a class of its cells */

export class Table {
  #rows = element("tbody");
  #shown = "";

  /** @param {Column[]} columns @param {string} label id of the element that names it @param {Language} language */
  constructor(columns, label, language) {
    this.columns = columns;
    const head = columns.map(({ key, kind }) => element("th", { scope: "col", class: kind }, language.text(key)));
    const table = element("table", { "aria-labelledby": label }, element("thead", {}, element("tr", {}, ...head)), this.#rows);
    this.element = element("div", { class: "table-area", role: "group", "aria-labelledby": label, tabindex: 0 }, table);
  }

  /**
   * Rows are not replaced while one of them has the focus.
   * @param {unknown} content what the rows are made of
   * @param {() => (Node | string)[][]} makeRows
   */
  render(content, makeRows) {
    const shown = JSON.stringify(content);
    if (shown === this.#shown || this.#rows.contains(document.activeElement)) return;
    this.#shown = shown;
    this.#rows.replaceChildren(...makeRows().map((cells) => this.#row(cells)));
  }

  /** @param {(Node | string)[]} cells */
  #row(cells) {
    return element("tr", {}, ...cells.map((cell, index) => element("td", { class: this.columns[index].kind }, cell)));
  }
}

/** The time of day, where it is today's. @param {string} moment @param {Language} language */
export function timeOf(moment, language) {
  const time = element("time", { datetime: moment });
  renderTime(time, language);
  return time;
}

/** @param {number | null | undefined} seconds @param {Language} language */
export const durationOf = (seconds, language) => (seconds == null ? "–" : runTime(seconds, language));

/** What a volunteer is called in a job. @param {string | null} mark */
export const markOf = (mark) => (mark ? element("span", { class: "mark" }, glyphOf(mark), mark) : "–");

/** The beginning of a result, as a link to all of it. @param {string} href @param {string | null} preview */
export function previewOf(href, preview) {
  const link = linkTo(href, element("code", { class: "preview", dir: "auto" }, preview ?? "…"));
  link.classList.add("quiet-link");
  return link;
}

/** Times, durations and marks that the server has made. @param {Language} language */
export function translateTables(language) {
  for (const time of document.querySelectorAll("time[datetime]")) renderTime(time, language);
  for (const duration of document.querySelectorAll("data.duration")) {
    setText(duration, runTime(Number(duration.getAttribute("value")), language));
  }
  for (const mark of document.querySelectorAll(".mark[data-mark]")) mark.prepend(glyphOf(mark.textContent ?? ""));
}

/** Also milliseconds, which the other durations of pages don't have. @param {number} seconds @param {Language} language */
export function runTime(seconds, language) {
  if (seconds >= 10) return language.duration(seconds);
  const [value, unit] = seconds < 1 ? [seconds * 1000, "millisecond"] : [seconds, "second"];
  return language.number(value, { style: "unit", unit, unitDisplay: "short", maximumSignificantDigits: 3 });
}

/** @param {Element} time @param {Language} language */
function renderTime(time, language) {
  const moment = new Date(time.getAttribute("datetime") ?? "");
  const isToday = moment.toDateString() === new Date().toDateString();
  setText(time, isToday ? language.time(moment) : language.dateTime(moment));
  time.setAttribute("title", language.dateTime(moment));
}

const CELLS = 4;

/** A pattern of a mark's bits, mirrored, so that the eye finds it again. @param {string} mark */
function glyphOf(mark) {
  const bits = Number.parseInt(mark, 16) || 0;
  const cells = Array.from({ length: CELLS * CELLS }, (_, index) => {
    const [row, column] = [Math.floor(index / CELLS), index % CELLS];
    const bit = row * 2 + Math.min(column, CELLS - 1 - column);
    return element("span", { class: (bits >>> bit) & 1 ? "on" : undefined });
  });
  return element("span", { class: `glyph hue-${bits >>> 29}`, "aria-hidden": "true" }, ...cells);
}
