// The inputs of a job, one variable each: from a range of numbers, a list, a CSV or an NDJSON file.

import { readCsv, UnclosedQuote } from "./csv.js";
import { valueOf } from "./values.js";

/** @typedef {{count: number, at: (index: number) => unknown}} Inputs */

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
  const count = Math.floor((last - first) / step + 1e-9) + 1;
  if (count < 1) throw new InputError("order");
  if (count > MAX_COUNT) throw new InputError("many", { count: MAX_COUNT });
  const valueAt = named(name);
  // Without the rounding errors of sums such as 0.1 + 0.2.
  return { count, at: (index) => valueAt(Number((first + index * step).toPrecision(15))) };
}

/**
 * A line each. Throws InputError.
 * @param {string} text @param {string} name
 * @returns {Inputs}
 */
export function listInputs(text, name) {
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== "");
  const valueAt = named(name);
  return listed(lines.map((line) => valueAt(valueOf(line))));
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
    return Object.fromEntries(names.map((name, index) => [name, valueOf(cells[index])]));
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
    try {
      return [JSON.parse(line)];
    } catch {
      throw new InputError("json", { line: index + 1 });
    }
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

/** @param {unknown[]} values @returns {Inputs} */
function listed(values) {
  if (values.length === 0) throw new InputError("empty");
  if (values.length > MAX_COUNT) throw new InputError("many", { count: MAX_COUNT });
  return { count: values.length, at: (index) => values[index] };
}

/** @param {string} name @returns {(value: unknown) => unknown} */
function named(name) {
  if (name === "") return (value) => value;
  requireName(name);
  return (value) => ({ [name]: value });
}

/** @param {string} name */
function requireName(name) {
  if (RESERVED.includes(name)) throw new InputError("reserved", { name });
}
