// The visitor's language: for the page's own texts, for what owners wrote in several, and for numbers.

import de from "./texts/de.js";
import en from "./texts/en.js";
import es from "./texts/es.js";
import fr from "./texts/fr.js";

/** @typedef {Record<string, string | Partial<Record<Intl.LDMLPluralRule, string>>>} Texts */

/** @type {Record<string, Texts>} */
const TEXTS = { de, en, es, fr };
const FALLBACK = "en";
/** A text from elsewhere within a sentence keeps its direction to itself. */
const ISOLATE = ["\u2068", "\u2069"];
/** Marks that turn the direction of what follows, even of what follows the name. */
const DIRECTING = /[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/g;

/** @param {string} tag */
const primary = (tag) => tag.toLowerCase().split("-")[0];
/** @param {string} tag */
function isTag(tag) {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}

/** @param {string} text a name from elsewhere that stands in a sentence */
export const isolated = (text) => ISOLATE.join(String(text).replace(DIRECTING, ""));

export class Language {
  /** @param {readonly (string | null)[]} wanted language tags, the dearest first */
  constructor(wanted = preferences()) {
    this.wanted = wanted.flatMap((tag) => (tag !== null && isTag(tag) ? [tag] : []));
    /** With its region, for numbers and dates. */
    this.locale = this.wanted.find((tag) => primary(tag) in TEXTS) ?? FALLBACK;
    this.tag = primary(this.locale);
  }

  /**
   * @param {string} key
   * @param {Record<string, string | number>} [values] numbers are formatted; `count` chooses the plural form
   * @returns {string} empty where there is no such text
   */
  text(key, values = {}) {
    const found = TEXTS[this.tag][key] ?? TEXTS[FALLBACK][key];
    const text = typeof found === "object" ? found[this.#plural(Number(values.count))] ?? found.other : found;
    return (text ?? "").replace(/\{(\w+)\}/g, (_, name) => this.#shown(values[name]));
  }

  /** @param {number} count */
  #plural = (count) => new Intl.PluralRules(this.locale).select(count);

  /** @param {string | number} value */
  #shown = (value) => (typeof value === "number" ? this.number(value) : String(value));

  /** @param {number} value @param {Intl.NumberFormatOptions} [options] */
  number(value, options) {
    return new Intl.NumberFormat(this.locale, options).format(value);
  }

  /** @param {number} share */
  percent(share) {
    return this.number(share, { style: "percent" });
  }

  /** @param {string[]} items */
  list(items) {
    return new Intl.ListFormat(this.locale).format(items);
  }

  /** @param {Date} date */
  time(date) {
    return new Intl.DateTimeFormat(this.locale, { timeStyle: "medium" }).format(date);
  }

  /** In the two largest units that there are, such as 3 h 5 min; of little, the tenths too. @param {number} seconds */
  duration(seconds) {
    if (seconds < 10) return this.#amount(Math.floor(seconds * 10) / 10, "second");
    const whole = Math.floor(seconds);
    const parts = [
      { value: Math.floor(whole / 3600), unit: "hour" },
      { value: Math.floor(whole / 60) % 60, unit: "minute" },
      { value: whole % 60, unit: "second" },
    ];
    const first = parts.findIndex(({ value }) => value > 0);
    const shown = parts.slice(first, first + 2);
    return shown.map(({ value, unit }) => this.#amount(value, unit)).join(" ");
  }

  /** @param {number} value @param {string} unit */
  #amount = (value, unit) => this.number(value, { style: "unit", unit, unitDisplay: "short" });

  /**
   * The best of what an owner wrote: in the visitor's languages by exact tag, then by prefix; in English; in any.
   * @param {unknown} texts texts by language tag
   * @returns {{text: string, lang: string} | null}
   */
  best(texts) {
    const given = Object.entries(texts ?? {});
    for (const tag of [...this.wanted, FALLBACK]) {
      const found = given.find(([key]) => key.toLowerCase() === tag.toLowerCase()) ??
        given.find(([key]) => primary(key) === primary(tag));
      if (found) return described(found);
    }
    return given.length ? described(given[0]) : null;
  }

  /** Fills in every element that names its text, or its label, by a key. */
  translate() {
    for (const element of document.querySelectorAll("[data-text]")) {
      element.textContent = this.text(String(element.getAttribute("data-text")));
    }
    for (const element of document.querySelectorAll("[data-label]")) {
      element.setAttribute("aria-label", this.text(String(element.getAttribute("data-label"))));
    }
    document.documentElement.lang = this.tag;
  }
}

/** @param {[string, unknown]} entry */
const described = ([lang, text]) => ({ text: String(text), lang: isTag(lang) ? lang : "" });

/** A site that embeds the widget may say which language it is in; the browser says which its user reads. */
function preferences() {
  const asked = new URLSearchParams(location.search).get("lang");
  return [asked, ...navigator.languages];
}
