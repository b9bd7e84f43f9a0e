// The inputs of a job, one variable each: from a range of numbers, a list, a CSV or an NDJSON file.

import { readCsv, UnclosedQuote } from "./csv.js";
import { isJson, jsonOf } from "./values.js";

/** Each as JSON on one line. @typedef {{count: number, at: (index: number) => string}} Inputs */

export const MAX_COUNT = 10_000_000;
/** Reserved by the pool: they hold links. */
const RESERVED = ["_links", "_embedded"];

/** What is wrong with inputs: a key of the page's texts, with its values. */
export class InputError extends Error {
  /** @param {string} reason @param {Record<string, string | number>} [values] */
  constructor(reason, values = {}) {
    super(reason);
    this.reason = reason;
    this.values = values;
  }
}

/**
 * The numbers from `first` to `last`, both included; with a `name` as the field of an object. Throws InputError.
 * @param {{first: number, last: number, step: number, name: string}} range
 * @returns {Inputs}
 */
export function rangeInputs({ first, last, step, name }) {
  if (![first, last, step].every(Number.isFinite)) throw new InputError("number");
  if (step <= 0) throw new InputError("step");
  if (Math.max(Math.abs(first), Math.abs(last)) > Number.MAX_SAFE_INTEGER) throw new InputError("precise");
  const count = Math.floor((last - first) / step + 1e-9) + 1;
  if (count < 1) throw new InputError("order");
  if (count > MAX_COUNT) throw new InputError("many", { count: MAX_COUNT });
  const valueAt = named(name);
  const isWhole = Number.isInteger(first) && Number.isInteger(step);
  // Without the rounding errors of sums such as 0.1 + 0.2.
  const exact = (/** @type {number} */ sum) => (isWhole ? sum : Number(sum.toPrecision(15)));
  return { count, at: (index) => valueAt(JSON.stringify(exact(first + index * step))) };
}

/**
 * A line each. Throws InputError.
 * @param {string} text @param {string} name
 * @returns {Inputs}
 */
export function listInputs(text, name) {
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== "");
  const valueAt = named(name);
  return listed(lines.map((line) => valueAt(jsonOf(line))));
}

/**
 * An object for each row, by the names in the first. Throws InputError.
 * @param {string} text
 * @returns {Inputs}
 */
export function csvInputs(text) {
  const [header, ...rows] = csvRows(text);
  if (header === undefined) throw new InputError("empty");
  const names = header.cells.map((name) => name.trim());
  if (names.includes("") || new Set(names).size < names.length) throw new InputError("header");
  names.forEach(requireName);
  return listed(rows.map(({ line, cells }) => {
    if (cells.length !== names.length) throw new InputError("cells", { line, count: cells.length, wanted: names.length });
    return `{${names.map((name, index) => `${JSON.stringify(name)}:${jsonOf(cells[index])}`).join()}}`;
  }));
}

/** @param {string} text */
function csvRows(text) {
  try {
    return readCsv(text);
  } catch (ex) {
    throw ex instanceof UnclosedQuote ? new InputError("quote", { line: ex.line }) : ex;
  }
}

/**
 * A JSON value for each line. Throws InputError.
 * @param {string} text
 * @returns {Inputs}
 */
export function ndjsonInputs(text) {
  return listed(text.split(/\r?\n/).flatMap((line, index) => {
    if (line.trim() === "") return [];
    if (!isJson(line)) throw new InputError("json", { line: index + 1 });
    return [line.trim()];
  }));
}

/**
 * By the name of the file, or by its first character. Throws InputError.
 * @param {string} name @param {string} text
 */
export function fileInputs(name, text) {
  // Excel begins a file with a byte order mark.
  const content = text.replace(/^\ufeff/, "");
  const isNdjson = /\.(ndjson|jsonl|json)$/i.test(name) || (!/\.[ct]sv$/i.test(name) && /^\s*[{[]/.test(content));
  return isNdjson ? ndjsonInputs(content) : csvInputs(content);
}

/** @param {string[]} values @returns {Inputs} */
function listed(values) {
  if (values.length === 0) throw new InputError("empty");
  if (values.length > MAX_COUNT) throw new InputError("many", { count: MAX_COUNT });
  return { count: values.length, at: (index) => values[index] };
}

/** @param {string} name @returns {(value: string) => string} */
function named(name) {
  if (name === "") return (value) => value;
  requireName(name);
  return (value) => `{${JSON.stringify(name)}:${value}}`;
}

/** @param {string} name */
function requireName(name) {
  if (RESERVED.includes(name)) throw new InputError("reserved", { name });
}
