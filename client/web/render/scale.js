// The scales of charts: numbers to pixels, and round numbers for the axes. Pure.

/** @typedef {{from: number, to: number, place: (value: number) => number, ticks: number[]}} Scale */

/** How many numbers an axis has, about. */
const TICKS = 5;
/** Steps between the numbers of an axis, in powers of ten. */
const STEPS = [1, 2, 5, 10];

/**
 * Without spreading: there may be thousands.
 * @param {readonly (number | null)[]} values
 * @returns {[number, number] | null} null without a value
 */
export function rangeOf(values) {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    if (value === null) continue;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return least > most ? null : [least, most];
}

/**
 * A scale with round numbers at both ends.
 * @param {[number, number] | null} range
 * @param {number} start in pixels @param {number} end in pixels
 * @returns {Scale}
 */
export function scaleOf(range, start, end) {
  const [least, most] = widened(range ?? [0, 1]);
  const step = stepOf((most - least) / TICKS);
  const from = Math.floor(least / step) * step;
  const count = Math.max(1, Math.ceil((most - from) / step - 1e-9));
  const to = from + count * step;
  const ticks = Array.from({ length: count + 1 }, (_, index) => rounded(from + index * step, step));
  return { from, to, ticks, place: (value) => start + ((value - from) / (to - from)) * (end - start) };
}

/** A single value gets room on both sides. @param {[number, number]} range @returns {[number, number]} */
function widened([least, most]) {
  if (most - least > Math.abs(most) * 1e-12) return [least, most];
  const room = Math.abs(most) * 0.1 || 1;
  return [least - room, most + room];
}

/** The round step that is not smaller. @param {number} size */
function stepOf(size) {
  const power = 10 ** Math.floor(Math.log10(size));
  return power * (STEPS.find((step) => step * power >= size * (1 - 1e-9)) ?? 10);
}

/** Without the noise of sums, such as 0.30000000000000004. @param {number} value @param {number} step */
const rounded = (value, step) => (Math.abs(value) < step / 2 ? 0 : Number(value.toPrecision(12)));
