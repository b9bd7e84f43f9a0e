// What the visitor reads when the pool refuses what it wants.

import { Refusal } from "./account.js";

/** By status; those with {detail} quote the pool, in English: the rule, or the operator's reason. */
const KEYS = { 403: "forbidden", 404: "code", 409: "taken", 422: "invalid", 429: "limit" };

/** @param {import("../languages.js").Language} language @param {unknown} error */
export function refusalText(language, error) {
  if (!(error instanceof Refusal)) return language.text("credit.refused.offline");
  const key = KEYS[/** @type {keyof typeof KEYS} */ (error.status)] ?? "other";
  return language.text(`credit.refused.${key}`, { detail: error.message });
}
