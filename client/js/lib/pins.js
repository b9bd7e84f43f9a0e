// Pins: the digests of the functions that a volunteer has agreed to, by job. A pinned job is computed with that function
// alone, and so is a job that replaces it. The digest is computed here: a pool that changes the code may lie about it.
import { sha256 } from "./sha256.js";
import { idOf } from "./task.js";

/** @typedef {import("./document.js").Document} Document */
/** @typedef {Readonly<Record<string, string>>} Pins `sha256:` and 64 hexadecimal digits, by the id of a job */

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** @param {unknown} value @returns {value is Pins} */
export const isPins = (value) =>
  typeof value === "object" && value !== null && Object.values(value).every((one) => DIGEST.test(String(one)));

/** What volunteers pin. @param {string} source of a function */
export const digestOf = (source) => `sha256:${sha256(source)}`;

/** The id of the job that a job replaces; empty if there is none. @param {Document} job */
export function formerOf(job) {
  if (!job.has("replaces")) return "";
  return decodeURIComponent(new URL(job.link("replaces")).pathname.split("/").pop() ?? "");
}

/**
 * The digest that is pinned for a job, or else for the job that it replaces.
 * @param {Document} job @param {Pins} pins @returns {string | undefined}
 */
export const pinOf = (job, pins) =>
  [idOf(job), formerOf(job)].filter((id) => Object.hasOwn(pins, id)).map((id) => pins[id])[0];

/** Why a job is not computed: its function is another than the pinned one. @param {Document} job @param {Pins} pins */
export function pinConflict(job, pins) {
  const pin = pinOf(job, pins);
  const digest = pin === undefined ? undefined : digestOf(String(job.content.execute_function));
  return digest === pin ? undefined : `its function has the digest ${digest}, and not ${pin}, which is pinned`;
}
