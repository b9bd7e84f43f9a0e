// The URI templates that pools use (RFC 6570): {name} {/name} {?name,several*} {&name}.

/** @typedef {string | number | null | undefined | readonly (string | number)[]} Value */
/** @typedef {Record<string, Value>} Values */

const EXPRESSION = /\{([/?&]?)([\w.,*]+)\}/g;

/**
 * Fills in a template; a variable without a value leaves nothing behind.
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
  const found = listed(values[nameOf(variable)]);
  return variable.endsWith("*") || found.length === 0 ? found : [found.join(",")];
}

/** @param {string} variable @param {Values} values */
const pairs = (variable, values) => plain(variable, values).map((value) => `${nameOf(variable)}=${value}`);

/** @param {string} variable */
const nameOf = (variable) => variable.replace("*", "");

/** @param {Value} value */
function listed(value) {
  if (value === undefined || value === null) return [];
  const several = Array.isArray(value) ? value : [value];
  return several.map((one) => quoted(String(one)));
}

/** All but what is never special in a URI: `encodeURIComponent` leaves some of it. @param {string} text */
const quoted = (text) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`);
