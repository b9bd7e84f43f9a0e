// URI templates (RFC 6570), as far as pools use them: {name} {/name} {?name,several*} {&name}.

/** @typedef {string | number | null | undefined | readonly (string | number)[]} Value */
/** @typedef {Record<string, Value>} Values */

const EXPRESSION = /\{([/?&]?)([\w.,*]+)\}/g;

/**
 * Expands a template; variables without a value are left out.
 * @param {string} template
 * @param {Values} values
 */
export const expand = (template, values) =>
  template.replace(EXPRESSION, (_, operator, names) => expression(operator, names.split(","), values));

/** @param {string} operator @param {string[]} variables @param {Values} values */
function expression(operator, variables, values) {
  const isQuery = operator === "?" || operator === "&";
  const parts = variables.flatMap((variable) => (isQuery ? pairs : plain)(variable, values));
  if (parts.length === 0) return "";
  return operator + parts.join({ "": ",", "/": "/", "?": "&", "&": "&" }[operator]);
}

/** @param {string} variable @param {Values} values */
function plain(variable, values) {
  const encoded = encodedValues(values[nameOf(variable)]);
  return variable.endsWith("*") || encoded.length === 0 ? encoded : [encoded.join(",")];
}

/** @param {string} variable @param {Values} values */
const pairs = (variable, values) => plain(variable, values).map((value) => `${nameOf(variable)}=${value}`);

/** @param {string} variable */
const nameOf = (variable) => variable.replace("*", "");

/** @param {Value} value */
function encodedValues(value) {
  if (value === undefined || value === null) return [];
  const several = Array.isArray(value) ? value : [value];
  return several.map((one) => percentEncoded(String(one)));
}

/** RFC 6570 encodes all but unreserved characters; `encodeURIComponent` leaves a few more. @param {string} text */
const percentEncoded = (text) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`);
