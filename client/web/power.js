// Whether this device is plugged in, where the browser tells: Chromium does, Firefox and Safari don't.

export class Power {
  static isTold = "getBattery" in navigator;

  /** @type {any} TypeScript knows no batteries */
  #battery = null;

  /** @param {() => void} onchange */
  constructor(onchange) {
    if (Power.isTold) void this.#watch(onchange);
  }

  /** True where nothing is known to the contrary. */
  get isPlugged() {
    return this.#battery?.charging ?? true;
  }

  /** @param {() => void} onchange */
  async #watch(onchange) {
    try {
      this.#battery = await /** @type {any} */ (navigator).getBattery();
    } catch {
      return; // The site's policy may forbid it.
    }
    this.#battery.addEventListener("chargingchange", onchange);
    onchange();
  }
}
