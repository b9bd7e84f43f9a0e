// The texts of this page, by language, with those of its lists, of the errors and of the picture.

import { TEXTS as ERRORS } from "../../job-errors/texts/index.js";
import { TEXTS as LISTS } from "../../list/texts/index.js";
import { TEXTS as RENDER } from "../../render/texts/index.js";
import de from "./de.js";
import en from "./en.js";
import es from "./es.js";
import fr from "./fr.js";

export const TEXTS = {
  de: { ...ERRORS.de, ...LISTS.de, ...RENDER.de, ...de },
  en: { ...ERRORS.en, ...LISTS.en, ...RENDER.en, ...en },
  es: { ...ERRORS.es, ...LISTS.es, ...RENDER.es, ...es },
  fr: { ...ERRORS.fr, ...LISTS.fr, ...RENDER.fr, ...fr },
};
