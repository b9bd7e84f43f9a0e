// The visitor's consent to the widget, given in a window of the pool's own: a site can cover its frames, make them
// transparent or move them under the pointer, but not a window. The window returns the answer to the widget's frame; it
// can't store it for the frame, whose storage browsers keep apart for each site.

const REQUEST = "#ask=";
const FEATURES = "popup,width=400,height=480";
const GIVEN = "comp-pool consent";
const TAKEN = "comp-pool consent taken";
/** Milliseconds until a frame that does not answer is taken to be gone. */
const MAX_WAIT = 2000;
/** Milliseconds in the foreground: a window that opens between the two clicks of a double-click gets the second one. */
const MIN_FOREGROUND = 1000;

/**
 * @typedef {object} Consent
 * @property {string} key of the preferences: consent to computing for some owners is none for others
 * @property {number} throttle
 */

/** The frame's side. */
export class ConsentRequest {
  /** @param {string} key @param {(consent: Consent) => void} onconsent */
  constructor(key, onconsent) {
    addEventListener("message", ({ origin, source, data }) => {
      if (origin !== location.origin || data?.type !== GIVEN || data.consent.key !== key) return;
      onconsent(data.consent);
      source?.postMessage({ type: TAKEN }, { targetOrigin: origin });
    });
  }

  /** The address of the window. @param {number} throttle is preset there */
  address(throttle) {
    return `${location.href.split("#")[0]}${REQUEST}${throttle}`;
  }

  /** Opens the window, unless a blocker or the frame's `sandbox` attribute prevents it. @param {number} throttle */
  open(throttle) {
    window.open(this.address(throttle), "_blank", FEATURES);
  }
}

/** The window's side. */
export class ConsentWindow {
  /** Its `opener` is missing where the site's policy (COOP) separates it from the frame. */
  static isOpen = window.top === window && window.opener !== null && location.hash.startsWith(REQUEST);

  /** The share that was chosen in the frame, or else this one. @param {number} throttle */
  presetThrottle(throttle) {
    const preset = Number(location.hash.slice(REQUEST.length));
    return preset > 0 && preset <= 1 ? preset : throttle;
  }

  /** @param {Consent} consent @returns {Promise<boolean>} false if the frame is gone */
  give(consent) {
    return new Promise((resolve) => {
      addEventListener("message", ({ origin, source, data }) => {
        if (origin === location.origin && source === window.opener && data?.type === TAKEN) resolve(true);
      });
      setTimeout(() => resolve(false), MAX_WAIT);
      window.opener?.postMessage({ type: GIVEN, consent }, location.origin);
    });
  }
}

/** Whether this window has been in the foreground long enough for a press of a button to be meant for it. */
export class Foreground {
  #since = performance.now();

  constructor() {
    addEventListener("focus", () => (this.#since = performance.now()));
  }

  get isSettled() {
    return document.hasFocus() && performance.now() - this.#since >= MIN_FOREGROUND;
  }
}
