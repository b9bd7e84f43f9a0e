// A plot of bars as SVG, as the server draws it too (resources/plots.py); the style is in plot.css.

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 100;
/** Of a bar in the space that it has. */
const WIDTH = 0.8;

/** @typedef {{value: number, title: string}} Bar `title` is shown while the pointer is on it */

/** @param {HTMLElement} target @param {Bar[]} bars @param {string} label what the plot shows, in words */
export function plot(target, bars, label) {
  const highest = Math.max(1, ...bars.map(({ value }) => value));
  const shapes = bars.flatMap(({ value, title }, place) => {
    const height = (HEIGHT * value) / highest;
    const bar = shape("rect", { x: place + (1 - WIDTH) / 2, y: HEIGHT - height, width: WIDTH, height });
    const space = shape("rect", { class: "space", x: place, y: 0, width: 1, height: HEIGHT });
    const tooltip = shape("title", {});
    tooltip.textContent = title;
    space.append(tooltip);
    return [bar, space];
  });
  const box = `0 0 ${Math.max(1, bars.length)} ${HEIGHT}`;
  const svg = shape("svg", { viewBox: box, preserveAspectRatio: "none", role: "img", "aria-label": label });
  svg.append(...shapes);
  target.replaceChildren(svg);
}

/** @param {string} name @param {Record<string, string | number>} attributes */
function shape(name, attributes) {
  const created = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) created.setAttribute(attribute, String(value));
  return created;
}
