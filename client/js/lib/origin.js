// The origin of a pool, to which its links are held. A module of its own: an open page loads its platform late, after
// an upgrade beside older modules, which lack this function.
import { ForeignLink } from "./errors.js";

/**
 * Returns the address. Throws ForeignLink if it is of another origin, as `data:` and `javascript:` are too.
 * @param {string} origin of the pool
 * @param {string} address
 */
export function heldTo(origin, address) {
  if (new URL(address).origin !== origin) throw new ForeignLink(address);
  return address;
}
