// DOM helpers. Strings are always inserted as text, never as markup: many of them come from jobs and their owners.

/**
 * @param {string} id of an element in the page's HTML
 * @returns {any}
 */
export const byId = (id) => document.getElementById(id);

/**
 * @param {string} name
 * @param {Record<string, string | number | boolean | undefined>} [attributes] true: without a value; false: left out
 * @param {(Node | string)[]} children strings become text
 */
export function element(name, attributes = {}, ...children) {
  const created = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) created.setAttribute(attribute, value === true ? "" : String(value));
  }
  created.append(...children);
  return created;
}

/**
 * Writes only a changed text: a screen reader announces every write to a live region.
 * @param {Node} target @param {string} text
 */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** With spaces that don't wrap. @param {string} text */
export const noWrap = (text) => text.replaceAll(" ", "\u00a0");

const RENDER_INTERVAL = 1000;

/**
 * A function that calls `render` now or soon, at most once a second: hundreds of units may finish in one, and drawing
 * takes processor time that no unit gets.
 * @param {() => void} render
 */
export function onceASecond(render) {
  let isScheduled = false;
  let last = -Infinity;
  const now = () => {
    isScheduled = false;
    last = performance.now();
    render();
  };
  return () => {
    if (isScheduled) return;
    isScheduled = true;
    setTimeout(() => requestAnimationFrame(now), Math.max(0, last + RENDER_INTERVAL - performance.now()));
  };
}
