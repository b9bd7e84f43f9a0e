// What this browser remembers: consent, choices, a random id and totals, as one document in localStorage. Nothing is
// kept before the visitor has consented. Where there is no storage, it is remembered as long as the page is open.

/** How many workers this device can keep busy. */
export const cores = () => navigator.hardwareConcurrency || 1;

const VERSION = 1;
const SAVE_EVERY = 1000;

/** @typedef {{owners: string[], workers: number, throttle: number, plugged: boolean, gpu: boolean}} Settings */
/** @typedef {{units: number, seconds: number}} Totals */
/**
 * @typedef {object} Remembered
 * @property {number} version
 * @property {"running" | "paused"} state
 * @property {string} volunteer
 * @property {Settings} settings
 * @property {Totals} totals
 */

export class Memory {
  #key;
  #storage = storage();
  /** Whether what is written stays: a storage may be full. */
  #isKept = true;
  #defaults;
  /** What was consented to; null before. @type {Remembered | null} */
  #record;
  /** The choices before consent. @type {Settings} */
  #unkept;
  #unsaved = nothing();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #saved = -Infinity;
  #onchange;

  /**
   * @param {string} key
   * @param {Settings} defaults
   * @param {() => void} onchange called when another tab has changed or forgotten it
   */
  constructor(key, defaults, onchange) {
    this.#key = key;
    this.#defaults = this.#unkept = defaults;
    this.#record = this.#stored();
    this.#onchange = onchange;
    addEventListener("storage", (event) => {
      if (event.key === key || event.key === null) this.#changedElsewhere();
    });
  }

  /** @returns {"new" | "running" | "paused"} */
  get state() {
    return this.#record?.state ?? "new";
  }

  /** @returns {string | undefined} */
  get volunteer() {
    return this.#record?.volunteer;
  }

  /** @returns {Settings} */
  get settings() {
    return this.#record?.settings ?? this.#unkept;
  }

  /** @returns {Totals} over all visits */
  get totals() {
    const { units, seconds } = this.#record?.totals ?? nothing();
    return { units: units + this.#unsaved.units, seconds: seconds + this.#unsaved.seconds };
  }

  /** The visitor consents: from now on it is kept. */
  begin() {
    if (this.#record) this.#change((record) => Object.assign(record, { state: "running" }));
    else this.#write(newRecord(this.#unkept));
  }

  pause() {
    this.#change((record) => Object.assign(record, { state: "paused" }));
  }

  /** @param {Partial<Settings>} settings */
  choose(settings) {
    this.#unkept = { ...this.settings, ...settings };
    this.#change((record) => Object.assign(record.settings, settings));
  }

  /** @param {number} seconds of a unit that is done; written to the storage at once, but not all the time */
  add(seconds) {
    this.#unsaved.units += 1;
    this.#unsaved.seconds += seconds;
    if (performance.now() > this.#saved + SAVE_EVERY) this.save();
    else this.#timer ??= setTimeout(() => this.save(), SAVE_EVERY);
  }

  save() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#saved = performance.now();
    if (this.#unsaved.units > 0) this.#change(() => {});
  }

  forget() {
    this.#unkept = this.settings;
    this.#record = null;
    this.#unsaved = nothing();
    this.#remove();
  }

  #changedElsewhere() {
    this.#record = this.#stored();
    this.#onchange();
  }

  /**
   * Other tabs change the document too: what they wrote last is what is changed, unless they forgot it.
   * @param {(record: Remembered) => void} update
   */
  #change(update) {
    if (this.#record === null) return;
    if (this.#storage && this.#isKept) this.#record = this.#stored();
    const totals = this.totals;
    this.#unsaved = nothing();
    if (this.#record === null) {
      this.#onchange();
      return;
    }
    update(this.#record);
    this.#write({ ...this.#record, totals });
  }

  /** @param {Remembered} record */
  #write(record) {
    this.#record = record;
    if (!this.#isKept) return;
    this.#isKept = attempt(() => this.#storage?.setItem(this.#key, JSON.stringify(record)) ?? true) === true;
    // Rather nothing than what is no longer true: that a visitor wants it to run, perhaps.
    if (!this.#isKept) this.#remove();
  }

  #remove() {
    attempt(() => this.#storage?.removeItem(this.#key));
  }

  /** @returns {Remembered | null} */
  #stored() {
    const text = attempt(() => this.#storage?.getItem(this.#key));
    const record = text ? attempt(() => JSON.parse(text)) : null;
    return isSound(record) ? { ...record, settings: cleaned(record.settings, this.#defaults) } : null;
  }
}

const nothing = () => ({ units: 0, seconds: 0 });

/** @param {Settings} settings @returns {Remembered} */
const newRecord = (settings) => ({
  version: VERSION,
  state: "running",
  volunteer: randomId(),
  settings: { ...settings },
  totals: nothing(),
});

/** Reading the property throws where storage is blocked. */
const storage = () => attempt(() => window.localStorage) ?? null;

/**
 * What the function returns; undefined where it throws.
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
const isFlag = (value) => typeof value === "boolean";
/** @param {unknown} value */
const isText = (value) => typeof value === "string";
/** What each setting must be. @type {Record<keyof Settings, (value: any) => boolean>} */
const FIT = {
  owners: (value) => Array.isArray(value) && value.every(isText),
  workers: (value) => Number.isInteger(value) && value >= 1 && value <= cores(),
  throttle: (value) => value > 0 && value <= 1,
  plugged: isFlag,
  gpu: isFlag,
};

/** @param {any} value */
const isAmount = (value) => Number.isFinite(value) && value >= 0 && value <= Number.MAX_SAFE_INTEGER;

/** Another version's document, or a damaged one, is as good as none. @param {any} record */
function isSound(record) {
  return (
    record?.version === VERSION &&
    ["running", "paused"].includes(record.state) &&
    /^[0-9a-f]{32}$/.test(record.volunteer) &&
    Number.isSafeInteger(record.totals?.units) &&
    isAmount(record.totals.units) &&
    isAmount(record.totals?.seconds)
  );
}

/**
 * A setting that is missing, or not as it must be, is the default.
 * @param {any} settings @param {Settings} defaults
 * @returns {Settings}
 */
function cleaned(settings, defaults) {
  const fit = Object.entries(FIT).filter(([name, isFit]) => isFit(settings?.[name]));
  return { ...defaults, ...Object.fromEntries(fit.map(([name]) => [name, settings[name]])) };
}

function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
