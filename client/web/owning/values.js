// The value of a line or a cell, as JSON: an object or a list, a number that keeps its digits, or the text itself. As
// `comp-pool map` reads its lines (client/python/comp_pool/mapping/values.py). JSON stays as it is written: the pool says
// which numbers in it a double would round.

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
/** Longer numbers are texts. */
const MAX_NUMBER = 40;

/** @param {string} text @returns {string} JSON on one line */
export function jsonOf(text) {
  const trimmed = text.trim();
  const isStructure = trimmed.startsWith("{") || trimmed.startsWith("[");
  return (isStructure && isJson(trimmed)) || isNumber(trimmed) ? onOneLine(trimmed) : JSON.stringify(text);
}

/** @param {string} text */
export function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Of JSON: within its strings there are no line breaks. @param {string} text */
const onOneLine = (text) => text.replaceAll(/[\r\n]+/g, " ");

/** Whether a double has all digits of the number: neither `007` nor twenty digits nor `1e999`. @param {string} text */
function isNumber(text) {
  if (text.length > MAX_NUMBER || text === "-0" || !NUMBER.test(text)) return false;
  const number = Number(text);
  if (/^-?\d+$/.test(text)) return Math.abs(number) <= 2 ** 53 && BigInt(text) === BigInt(number);
  return Number.isFinite(number) && digitsOf(String(number)) === digitsOf(text);
}

/** The digits and their exponent, in one form for all ways to write a number. @param {string} text */
function digitsOf(text) {
  const [mantissa, exponent = "0"] = text.toLowerCase().split("e");
  const [whole, fraction = ""] = mantissa.replace("-", "").split(".");
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  const power = Number(exponent) - fraction.length + digits.length - significant.length;
  return significant === "" ? "0" : `${text.startsWith("-") ? "-" : ""}${significant}e${power}`;
}
