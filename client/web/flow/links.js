// Links in a flow's document, and the ids in them.

import { element } from "../dom.js";

/**
 * A link, or plain text for an address outside this pool: a document must not lead to scripts or other sites.
 * @param {string} href @param {(Node | string)[]} children
 */
export function linkTo(href, ...children) {
  const { origin } = new URL(href, location.href);
  return origin === location.origin ? element("a", { href }, ...children) : element("span", {}, ...children);
}

/** The last segment of an address. @param {string} address */
export function idOf(address) {
  const segment = address.split("/").at(-1) ?? "";
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
