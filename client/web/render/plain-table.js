// The last results of a job without `render`, as a table of their text.

/** @typedef {import("./results-feed.js").Result} Result */

const ROWS = 10;
const LENGTH = 120;

/**
 * @param {Result[]} results the oldest first
 * @param {import("../languages.js").Language} language
 * @returns {import("./validate.js").Table}
 */
export function plainTable(results, language) {
  const shown = results.slice(-ROWS).reverse();
  return {
    type: "table",
    caption: {},
    columns: ["render.variable", "render.result"].map((key) => ({ "": language.text(key) })),
    rows: shown.map(({ variable, result }) => [variable, shortened(JSON.stringify(result))]),
    variables: shown.map(({ variable }) => variable),
  };
}

/** @param {string} text */
const shortened = (text) => (text.length > LENGTH ? `${text.slice(0, LENGTH - 1)}…` : text);
