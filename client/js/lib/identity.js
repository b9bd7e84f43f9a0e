// Ids that nobody guesses.

const VALID = /^[A-Za-z0-9_-]{16,128}$/;

/** An unguessable id. `crypto.randomUUID` would be missing on a pool without https. */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(18));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Returns an id of a volunteer that the pool accepts; throws TypeError for another.
 * @param {string} id
 */
export function checkedId(id) {
  if (!VALID.test(id)) throw new TypeError('a volunteer\'s id is 16 to 128 of A-Z, a-z, 0-9, "_" and "-"');
  return id;
}
