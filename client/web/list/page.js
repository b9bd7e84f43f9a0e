// A list of jobs, flows, variables or results: complete without this module, which puts it into the visitor's language.

import { Language } from "../languages.js";
import { translateTables } from "../tables.js";
import { TEXTS } from "./texts/index.js";

const language = new Language(TEXTS);
language.translate();
translateTables(language);
