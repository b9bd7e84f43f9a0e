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
