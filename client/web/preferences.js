// Consent, settings, a random volunteer id and totals: one document in localStorage. Before consent nothing is stored,
// since storing an id without consent would be tracking. Without storage everything lasts until the page is closed.

import { isPins } from "../js/lib/pins.js";

/** How many workers this device can run at once. */
export const cores = () => navigator.hardwareConcurrency || 1;

const VERSION = 1;
/** The id of a volunteer: one that joined by a code may have it from another kind of client. */
export const ID = /^[A-Za-z0-9_-]{16,128}$/;
const MIN_SAVE_INTERVAL = 1000;

/** @typedef {{owners: string[], workers: number, throttle: number, plugged: boolean, gpu: boolean,
 *   pins: import("../js/lib/pins.js").Pins}} Settings */
/** @typedef {{units: number, seconds: number}} Totals */
/**
 * @typedef {object} Stored
 * @property {number} version
 * @property {"running" | "paused"} state
 * @property {string} volunteer
 * @property {Settings} settings
 * @property {Totals} totals
 */

export class Preferences {
  #key;
  #storage = openStorage();
  /** False once a write failed, as with a full storage. */
  #isPersistent = true;
  #defaults;
  /** Null before consent. @type {Stored | null} */
  #stored;
  /** Settings chosen before consent: in memory only. @type {Settings} */
  #unstoredSettings;
  #unsavedTotals = zeroTotals();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #savedAt = -Infinity;
  #onchange;

  /**
   * @param {string} key in localStorage
   * @param {Settings} defaults
   * @param {() => void} onchange called when another tab has changed or deleted the document
   */
  constructor(key, defaults, onchange) {
    this.#key = key;
    this.#defaults = this.#unstoredSettings = defaults;
    this.#stored = this.#read();
    this.#onchange = onchange;
    addEventListener("storage", (event) => {
      if (event.key === key || event.key === null) this.#reload();
    });
  }

  /** @returns {"new" | "running" | "paused"} */
  get state() {
    return this.#stored?.state ?? "new";
  }

  /** @returns {string | undefined} */
  get volunteer() {
    return this.#stored?.volunteer;
  }

  /** @returns {Settings} */
  get settings() {
    return this.#stored?.settings ?? this.#unstoredSettings;
  }

  /** @returns {Totals} over all visits */
  get totals() {
    const { units, seconds } = this.#stored?.totals ?? zeroTotals();
    return { units: units + this.#unsavedTotals.units, seconds: seconds + this.#unsavedTotals.seconds };
  }

  /** Records the visitor's consent; from here on the document is stored. */
  consent() {
    if (this.#stored) this.#update((stored) => Object.assign(stored, { state: "running" }));
    else this.#write(newDocument(this.#unstoredSettings));
  }

  /**
   * Takes the id that another device of the visitor has. Whoever has not consented to computing here is asked as before.
   * @param {string} volunteer
   */
  adopt(volunteer) {
    if (!ID.test(volunteer)) throw new TypeError("not the id of a volunteer");
    if (this.#stored) this.#update((stored) => Object.assign(stored, { volunteer }));
    else this.#write({ ...newDocument(this.#unstoredSettings), volunteer, state: "paused" });
  }

  pause() {
    this.#update((stored) => Object.assign(stored, { state: "paused" }));
  }

  /** @param {Partial<Settings>} settings */
  changeSettings(settings) {
    this.#unstoredSettings = { ...this.settings, ...settings };
    this.#update((stored) => Object.assign(stored.settings, settings));
  }

  /** Adds a unit to the totals. Units may be short, so writes are throttled. @param {number} seconds */
  addUnit(seconds) {
    this.#unsavedTotals.units += 1;
    this.#unsavedTotals.seconds += seconds;
    if (performance.now() > this.#savedAt + MIN_SAVE_INTERVAL) this.save();
    else this.#timer ??= setTimeout(() => this.save(), MIN_SAVE_INTERVAL);
  }

  save() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#savedAt = performance.now();
    if (this.#unsavedTotals.units > 0) this.#update(() => {});
  }

  /** Withdraws consent: deletes the document. The settings last until the page is closed. */
  forget() {
    this.#unstoredSettings = this.settings;
    this.#stored = null;
    this.#unsavedTotals = zeroTotals();
    this.#remove();
  }

  #reload() {
    this.#stored = this.#read();
    this.#onchange();
  }

  /**
   * Updates the stored document, not this tab's copy: another tab may have changed or deleted it.
   * @param {(stored: Stored) => void} update
   */
  #update(update) {
    if (this.#stored === null) return;
    if (this.#storage && this.#isPersistent) this.#stored = this.#read();
    const totals = this.totals;
    this.#unsavedTotals = zeroTotals();
    if (this.#stored === null) {
      this.#onchange();
      return;
    }
    update(this.#stored);
    this.#write({ ...this.#stored, totals });
  }

  /** @param {Stored} stored */
  #write(stored) {
    this.#stored = stored;
    if (!this.#isPersistent) return;
    this.#isPersistent = attempt(() => this.#storage?.setItem(this.#key, JSON.stringify(stored)) ?? true) === true;
    // An outdated document could resume computing after the visitor has paused.
    if (!this.#isPersistent) this.#remove();
  }

  #remove() {
    attempt(() => this.#storage?.removeItem(this.#key));
  }

  /** @returns {Stored | null} */
  #read() {
    const text = attempt(() => this.#storage?.getItem(this.#key));
    const stored = text ? attempt(() => JSON.parse(text)) : null;
    return isValid(stored) ? { ...stored, settings: withDefaults(stored.settings, this.#defaults) } : null;
  }
}

/**
 * The id that is stored, for pages that only show something. @param {string} key in localStorage
 * @returns {string | null}
 */
export function storedVolunteer(key) {
  const stored = attempt(() => JSON.parse(openStorage()?.getItem(key) ?? "null"));
  return isValid(stored) ? stored.volunteer : null;
}

const zeroTotals = () => ({ units: 0, seconds: 0 });

/** @param {Settings} settings @returns {Stored} */
const newDocument = (settings) => ({
  version: VERSION,
  state: "running",
  volunteer: randomId(),
  settings: { ...settings },
  totals: zeroTotals(),
});

/** Null where storage is blocked: there the property itself throws. */
const openStorage = () => attempt(() => window.localStorage) ?? null;

/**
 * The function's result, or undefined if it throws.
 * @template Result
 * @param {() => Result} act
 */
function attempt(act) {
  try {
    return act();
  } catch {
    return undefined;
  }
}

/** @param {unknown} value */
const isBoolean = (value) => typeof value === "boolean";
/** @param {unknown} value */
const isString = (value) => typeof value === "string";
/** @type {Record<keyof Settings, (value: any) => boolean>} */
const VALIDATORS = {
  owners: (value) => Array.isArray(value) && value.every(isString),
  workers: (value) => Number.isInteger(value) && value >= 1 && value <= cores(),
  throttle: (value) => value > 0 && value <= 1,
  plugged: isBoolean,
  gpu: isBoolean,
  pins: isPins,
};

/** @param {any} value */
const isAmount = (value) => Number.isFinite(value) && value >= 0 && value <= Number.MAX_SAFE_INTEGER;

/** False for another version's document, and for a damaged one. @param {any} stored */
function isValid(stored) {
  return (
    stored?.version === VERSION &&
    ["running", "paused"].includes(stored.state) &&
    ID.test(stored.volunteer) &&
    Number.isSafeInteger(stored.totals?.units) &&
    isAmount(stored.totals.units) &&
    isAmount(stored.totals?.seconds)
  );
}

/**
 * Replaces missing and invalid settings by the defaults: the device may have fewer cores than at the last visit.
 * @param {any} settings @param {Settings} defaults
 * @returns {Settings}
 */
function withDefaults(settings, defaults) {
  const valid = Object.entries(VALIDATORS).filter(([name, validate]) => validate(settings?.[name]));
  return { ...defaults, ...Object.fromEntries(valid.map(([name]) => [name, settings[name]])) };
}

function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
