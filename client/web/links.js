// Links in a document of the pool, and the ids in them.

import { element, setText } from "./dom.js";

/**
 * A link, or plain text for an address outside this pool: a document must not lead to scripts or other sites.
 * @param {string} href @param {(Node | string)[]} children
 */
export function linkTo(href, ...children) {
  return isOwn(href) ? element("a", { href }, ...children) : element("span", {}, ...children);
}

/** Changes a link in place, since it may have the focus. @param {HTMLElement} link @param {string} href @param {string} text */
export function setLink(link, href, text) {
  if (isOwn(href)) link.setAttribute("href", href);
  else link.removeAttribute("href");
  setText(link, text);
}

/** @param {string} href */
const isOwn = (href) => new URL(href, location.href).origin === location.origin;

/** The last segment of an address. @param {string} address */
export function idOf(address) {
  const segment = address.split("/").at(-1) ?? "";
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
