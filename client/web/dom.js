// Elements, found and made. What comes from elsewhere goes in as text, never as markup.

/**
 * @param {string} id
 * @returns {any} the element, which the page is known to have
 */
export const find = (id) => document.getElementById(id);

/**
 * @param {string} name
 * @param {Record<string, string | number | boolean | undefined>} [attributes] true: without a value; false: left out
 * @param {(Node | string)[]} children strings become text
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(attribute, value === true ? "" : String(value));
  }
  made.append(...children);
  return made;
}

/**
 * Sets the text only where it differs: a live region would announce it again.
 * @param {Node} target @param {string} text
 */
export function say(target, text) {
  if (target.textContent !== text) target.textContent = text;
}
