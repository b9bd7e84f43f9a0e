// Whether the device is plugged in, by the Battery Status API, which Chromium alone has.

export class Power {
  static isSupported = "getBattery" in navigator;

  /** @type {any} TypeScript has no type for it */
  #battery = null;

  /** @param {() => void} onchange */
  constructor(onchange) {
    if (Power.isSupported) void this.#observe(onchange);
  }

  /** True where it is unknown. */
  get isPlugged() {
    return this.#battery?.charging ?? true;
  }

  /** @param {() => void} onchange */
  async #observe(onchange) {
    try {
      this.#battery = await /** @type {any} */ (navigator).getBattery();
    } catch {
      return; // Forbidden by the site's permissions policy.
    }
    this.#battery.addEventListener("chargingchange", onchange);
    onchange();
  }
}
