// The names of a flow's jobs, which the server has written into the page beside what it shows without a script.

import { idOf } from "../links.js";

/** By address. */
const names = new Map(
  [...document.querySelectorAll("#jobs a")].map((link) => [link.getAttribute("href"), link.textContent ?? ""]),
);

/** The name of a job for people; its id where the page has none. @param {string} address */
export const nameOf = (address) => names.get(address) ?? idOf(address);
