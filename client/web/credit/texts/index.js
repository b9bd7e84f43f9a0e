// The texts of this section, by language.

import de from "./de.js";
import en from "./en.js";
import es from "./es.js";
import fr from "./fr.js";

export const TEXTS = { de, en, es, fr };
