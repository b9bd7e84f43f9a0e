// The requirements of a job, compared with a volunteer's capabilities.

import { JSON_VARIABLES } from "./leases.js";

/** @typedef {import("./platform.js").Capabilities} Capabilities */

/**
 * @param {Record<string, unknown> | undefined} requirements
 * @param {Capabilities} capabilities
 * @returns {string[]} the names of those that are not met
 */
export const unmetRequirements = (requirements, { can, memoryMb }) =>
  Object.entries(requirements ?? {})
    .filter(([name]) => name !== JSON_VARIABLES)
    .filter(([name, value]) => (name === "memory_mb" ? Number(value) > memoryMb : value && !can.includes(name)))
    .map(([name]) => name);
