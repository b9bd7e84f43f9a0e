// Ids of volunteers.

const VALID = /^[A-Za-z0-9_-]{16,128}$/;

/** An unguessable id. Not `crypto.randomUUID`, which pages over plain http lack. */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(18));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Returns the id; throws TypeError when a pool would not accept it.
 * @param {string} id
 */
export function validatedId(id) {
  if (!VALID.test(id)) throw new TypeError('a volunteer\'s id is 16 to 128 of A-Z, a-z, 0-9, "_" and "-"');
  return id;
}
