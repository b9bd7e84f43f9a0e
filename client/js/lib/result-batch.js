// Results that are posted together: a line for each in the request, an outcome for each in the response.
import { ForeignResponse, MissingLink, PoolError } from "./errors.js";

/** @typedef {import("./document.js").Document} Document */
/** @typedef {import("./response.js").PoolResponse} PoolResponse */
/**
 * @typedef {object} PostableResult
 * @property {Document} variable
 * @property {string} text the result as JSON text
 * @property {number} [seconds] run time of the function
 */
/** @typedef {{location: string} | {error: PoolError}} PostedResult the address of the stored result, or why it was refused */

/** Throws SyntaxError if the result is no JSON text. @param {PostableResult} result @returns {string} */
export function encodedLine({ variable, text, seconds }) {
  const link = variable.href("post_result");
  if (link === undefined) throw new MissingLink("post_result", variable.address);
  // Other text could be more than a result: a field of the line, or another line.
  JSON.parse(text);
  const runTime = seconds === undefined ? "" : `,"run_seconds":${seconds.toFixed(6)}`;
  // Between the values of a JSON text a line break is white space; here it would end the line.
  return `{"post_result":${JSON.stringify(link)},"result":${text.replace(/[\r\n]/g, " ")}${runTime}}\n`;
}

/**
 * The outcome of each result. Throws ForeignResponse if they are not those of these variables.
 * @param {PoolResponse} response
 * @param {readonly Document[]} variables
 * @returns {PostedResult[]}
 */
export function readOutcomes(response, variables) {
  const outcomes = response.document?.outcomes;
  if (response.status !== 200 || !Array.isArray(outcomes) || outcomes.length !== variables.length) {
    throw new ForeignResponse(response.status, "no outcomes of these results", response.retryAfter);
  }
  return variables.map((variable, index) => postedResult(response, Object(outcomes[index]), variable));
}

/** @param {PoolResponse} response @param {Record<string, any>} outcome @param {Document} variable */
function postedResult(response, { status, location, problem, retry_after: retryAfter }, variable) {
  if (status === 201 && typeof location === "string") return { location: located(response, location, variable) };
  if (!Number.isInteger(status) || status < 300 || Object(problem) !== problem) {
    throw new ForeignResponse(response.status, "no outcome of a result");
  }
  return { error: PoolError.of(status, problem, retryAfter >= 0 && Number.isFinite(retryAfter) ? retryAfter : null) };
}

/**
 * The absolute address of a stored result, which is below the variable's.
 * @param {PoolResponse} response @param {string} location @param {Document} variable
 */
function located(response, location, variable) {
  const results = new URL(variable.link("post_result")).pathname;
  const address = URL.canParse(location, response.address) ? new URL(location, response.address) : undefined;
  if (address?.pathname.startsWith(`${results}/`)) return address.href;
  throw new ForeignResponse(response.status, "a response about another variable");
}
