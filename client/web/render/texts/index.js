// The texts of this page, by language.

import de from "./de.js";
import en from "./en.js";
import es from "./es.js";
import fr from "./fr.js";

/** @type {Record<string, import("../../languages.js").Texts>} */
export const TEXTS = { de, en, es, fr };
