// The visitor's language: the page's texts, descriptions in several languages, numbers, dates and durations.

import de from "./texts/de.js";
import en from "./texts/en.js";
import es from "./texts/es.js";
import fr from "./texts/fr.js";

/** @typedef {Record<string, string | Partial<Record<Intl.LDMLPluralRule, string>>>} Texts */

/** @type {Record<string, Texts>} */
const TEXTS = { de, en, es, fr };
const FALLBACK = "en";
/** Unicode's FSI and PDI: within them a name can't change the writing direction of the sentence around it. */
const ISOLATES = ["\u2068", "\u2069"];
/** Direction controls, removed from names: some take effect beyond the isolates. */
const DIRECTION_CONTROLS = /[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/g;

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

/** @param {string} name for use within a sentence */
export const isolate = (name) => ISOLATES.join(String(name).replace(DIRECTION_CONTROLS, ""));

export class Language {
  /** @type {Record<string, Texts>} */
  #texts;

  /**
   * @param {Record<string, Texts>} [own] texts of the page's own, by language, beside those of all pages
   * @param {readonly (string | null)[]} [requested] language tags, the most preferred first; invalid ones are ignored
   */
  constructor(own = {}, requested = requestedTags()) {
    this.#texts = Object.fromEntries(Object.entries(TEXTS).map(([tag, texts]) => [tag, { ...texts, ...own[tag] }]));
    this.requested = requested.flatMap((tag) => (tag !== null && isTag(tag) ? [tag] : []));
    /** Keeps the region, which decides the format of numbers and dates. */
    this.locale = this.requested.find((tag) => primary(tag) in TEXTS) ?? FALLBACK;
    this.tag = primary(this.locale);
  }

  /**
   * @param {string} key
   * @param {Record<string, string | number>} [values] for the placeholders; `count` selects the plural form
   * @returns {string} empty for an unknown key
   */
  text(key, values = {}) {
    const entry = this.#texts[this.tag][key] ?? this.#texts[FALLBACK][key];
    const text = typeof entry === "object" ? entry[this.#pluralForm(Number(values.count))] ?? entry.other : entry;
    return (text ?? "").replace(/\{(\w+)\}/g, (_, name) => this.#format(values[name]));
  }

  /** @param {number} count */
  #pluralForm = (count) => new Intl.PluralRules(this.locale).select(count);

  /** @param {string | number} value */
  #format = (value) => (typeof value === "number" ? this.number(value) : String(value));

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

  /** Without seconds. @param {Date} date */
  minute(date) {
    return new Intl.DateTimeFormat(this.locale, { timeStyle: "short" }).format(date);
  }

  /** @param {Date} date */
  dateTime(date) {
    return new Intl.DateTimeFormat(this.locale, { dateStyle: "medium", timeStyle: "medium" }).format(date);
  }

  /** In the two largest units, as in 3 h 5 min; with tenths below 10 s. @param {number} seconds */
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

  /** The same of what may take days, or years, and is only estimated. @param {number} seconds */
  longDuration(seconds) {
    const days = Math.floor(seconds / 86_400);
    if (seconds >= 600 && seconds < 3600) return this.#amount(Math.round(seconds / 60), "minute");
    if (days < 2) return this.duration(seconds);
    return days < 730 ? this.#amount(days, "day") : this.#amount(Math.floor(days / 365), "year");
  }

  /** @param {number} value @param {string} unit */
  #amount = (value, unit) => this.number(value, { style: "unit", unit, unitDisplay: "short" });

  /**
   * The best match: for each of the visitor's languages the exact tag, then the same language; English; any other.
   * @param {unknown} texts by language tag
   * @returns {{text: string, lang: string} | null}
   */
  bestOf(texts) {
    const entries = Object.entries(texts ?? {});
    for (const tag of [...this.requested, FALLBACK]) {
      const found = entries.find(([key]) => key.toLowerCase() === tag.toLowerCase()) ??
        entries.find(([key]) => primary(key) === primary(tag));
      if (found) return withLanguage(found);
    }
    return entries.length ? withLanguage(entries[0]) : null;
  }

  /**
   * Fills in the texts of elements with `data-text`, and the labels of those with `data-label`; removes the note that
   * the page has not loaded.
   */
  translate() {
    document.querySelector(".unloaded")?.remove();
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
const withLanguage = ([lang, text]) => ({ text: String(text), lang: isTag(lang) ? lang : "" });

/** A site that embeds the widget can set its language by `lang`; then come the browser's languages. */
function requestedTags() {
  const set = new URLSearchParams(location.search).get("lang");
  return [set, ...navigator.languages];
}
