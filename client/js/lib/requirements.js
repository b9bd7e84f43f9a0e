// What a job may require of those who compute it.

/** @typedef {import("./platform.js").Abilities} Abilities */

/**
 * What a job requires and is not there.
 * @param {Record<string, unknown> | undefined} requirements
 * @param {Abilities} abilities
 * @returns {string[]} names
 */
export const lacking = (requirements, { can, memoryMb }) =>
  Object.entries(requirements ?? {})
    .filter(([name, wanted]) => (name === "memory_mb" ? Number(wanted) > memoryMb : wanted && !can.includes(name)))
    .map(([name]) => name);
