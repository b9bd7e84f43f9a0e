// Checks of values that a job's `render` returned. Each returns the value, or throws with the path to what is wrong.

export class InvalidRender extends Error {}

/** Beyond this, differences of two numbers lose themselves in axes. */
const MAX_NUMBER = 1e100;
const MAX_TEXT = 200;
const MAX_LOCALES = 20;

/** @param {string} path @param {string} reason @returns {never} */
export function refuse(path, reason) {
  throw new InvalidRender(`${path} ${reason}`);
}

/** @param {string} path @param {unknown} value @returns {Record<string, any>} */
export function object(path, value) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) refuse(path, "must be an object");
  return /** @type {Record<string, any>} */ (value);
}

/** @param {string} path @param {unknown} value @param {number} most @param {number} [least] @returns {any[]} */
export function list(path, value, most, least = 0) {
  if (!Array.isArray(value)) return refuse(path, "must be an array");
  if (value.length > most) refuse(path, `has ${value.length} entries (at most ${most})`);
  if (value.length < least) refuse(path, `has ${value.length} entries (at least ${least})`);
  return value;
}

/** @param {string} path @param {unknown} value @returns {number} */
export function number(path, value) {
  const isUsable = typeof value === "number" && Math.abs(value) <= MAX_NUMBER;
  return isUsable ? value : refuse(path, "must be a number");
}

/** @param {string} path @param {unknown} value @param {number} least @param {number} most @returns {number} */
export function whole(path, value, least, most) {
  const isUsable = typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;
  return isUsable ? value : refuse(path, `must be a whole number from ${least} to ${most}`);
}

/** @param {string} path @param {unknown} value @returns {string} */
export function text(path, value) {
  if (typeof value !== "string") return refuse(path, "must be a text");
  return value.length <= MAX_TEXT ? value : refuse(path, `has more than ${MAX_TEXT} characters`);
}

/**
 * A text, or texts by locale; none is an empty object.
 * @param {string} path @param {unknown} value
 * @returns {Record<string, string>}
 */
export function localised(path, value) {
  if (value === undefined || value === null) return {};
  if (typeof value === "string") return { "": text(path, value) };
  const entries = list(path, Object.entries(object(path, value)), MAX_LOCALES);
  return Object.fromEntries(entries.map(([locale, one]) => [locale, text(`${path}.${locale}`, one)]));
}

/**
 * The ids of the variables that parts of the picture come from; an empty array where they are not named.
 * @param {string} path @param {unknown} value @param {number} count
 * @returns {string[]}
 */
export function variables(path, value, count) {
  if (value === undefined || value === null) return [];
  const ids = list(path, value, count, count);
  return ids.map((id, index) => text(`${path}[${index}]`, id));
}
