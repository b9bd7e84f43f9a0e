// Rows of a CSV file (RFC 4180), with the delimiter that its first line uses.

const DELIMITERS = [",", ";", "\t"];

/** A quote that is never closed, at the line in which it begins. */
export class UnclosedQuote extends Error {
  /** @param {number} line */
  constructor(line) {
    super(`line ${line}: a quote is not closed`);
    this.line = line;
  }
}

/**
 * Each row with its line; empty lines are left out. Throws UnclosedQuote.
 * @param {string} text
 * @returns {{line: number, cells: string[]}[]}
 */
export function readCsv(text) {
  const delimiter = delimiterOf(text);
  const token = new RegExp(`"((?:[^"]|"")*)"|([^${delimiter}\\r\\n"][^${delimiter}\\r\\n]*)|(${delimiter})|(\\r?\\n|\\r)|"`, "gy");
  const rows = [];
  let row = { line: 1, cells: [""] };
  let line = 1;
  for (const [found, quoted, plain, isDelimiter, isEnd] of text.matchAll(token)) {
    const last = row.cells.length - 1;
    if (quoted !== undefined) row.cells[last] += quoted.replaceAll('""', '"');
    else if (plain !== undefined) row.cells[last] += plain;
    else if (isDelimiter) row.cells.push("");
    else if (!isEnd) throw new UnclosedQuote(line);
    line += found.split(/\r\n|\r|\n/).length - 1;
    if (isEnd) {
      rows.push(row);
      row = { line, cells: [""] };
    }
  }
  rows.push(row);
  return rows.filter(({ cells }) => cells.length > 1 || cells[0] !== "");
}

/** @param {string} text */
function delimiterOf(text) {
  const [header] = text.split(/[\r\n]/, 1);
  const counts = DELIMITERS.map((delimiter) => header.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))];
}
