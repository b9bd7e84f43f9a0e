// The texts of this page, by language, with those of its lists and of the errors.

import { TEXTS as ERRORS } from "../../job-errors/texts/index.js";
import { TEXTS as LISTS } from "../../list/texts/index.js";
import de from "./de.js";
import en from "./en.js";
import es from "./es.js";
import fr from "./fr.js";

export const TEXTS = {
  de: { ...ERRORS.de, ...LISTS.de, ...de },
  en: { ...ERRORS.en, ...LISTS.en, ...en },
  es: { ...ERRORS.es, ...LISTS.es, ...es },
  fr: { ...ERRORS.fr, ...LISTS.fr, ...fr },
};
