// The visitor's settings as a form: how many cores, which share of the time, when, and for whom.

import { byId, element, setText } from "./dom.js";
import { Power } from "./power.js";
import { cores } from "./preferences.js";

export class Choices {
  #language;
  #controller;
  /** By owner. @type {Map<string, HTMLInputElement>} */
  #checkboxes = new Map();

  /**
   * @param {import("./languages.js").Language} language
   * @param {import("./volunteer-controller.js").VolunteerController} controller
   */
  constructor(language, controller) {
    this.#language = language;
    this.#controller = controller;
    byId("workers").max = cores();
    byId("workers-choice").hidden = cores() === 1;
    byId("plugged-choice").hidden = !Power.isSupported;
    byId("gpu-choice").hidden = !("gpu" in navigator);
    byId("choices").addEventListener("input", () => controller.changeSettings(this.#values()));
    this.render();
  }

  /** @param {Iterable<string>} owners */
  addOwners(owners) {
    for (const owner of owners) this.#addOwner(owner);
    this.render();
  }

  /** Owners chosen at an earlier visit stay listed even if they have no job now. */
  render() {
    const { workers, throttle, plugged, gpu, owners } = this.#controller.preferences.settings;
    for (const owner of owners) this.#addOwner(owner);
    for (const [owner, checkbox] of this.#checkboxes) checkbox.checked = owners.includes(owner);
    byId("workers").value = workers;
    byId("throttle").value = Math.round(throttle * 100);
    byId("plugged").checked = plugged;
    byId("gpu").checked = gpu;
    byId("owners-choice").hidden = this.#checkboxes.size < 2 && owners.length === 0;
    this.#renderTexts(workers, throttle, owners);
  }

  /** @param {number} workers @param {number} throttle @param {string[]} owners */
  #renderTexts(workers, throttle, owners) {
    const share = this.#language.percent(throttle);
    const ofCores = this.#language.text("choices.workers.value", { workers, count: cores() });
    setText(byId("workers-value"), ofCores);
    byId("workers").setAttribute("aria-valuetext", ofCores);
    setText(byId("throttle-value"), share);
    byId("throttle").setAttribute("aria-valuetext", share);
    setText(byId("owners-help"), this.#language.text(`choices.owners.${owners.length ? "some" : "everyone"}`));
  }

  /** @param {string} owner */
  #addOwner(owner) {
    if (this.#checkboxes.has(owner)) return;
    const checkbox = /** @type {HTMLInputElement} */ (element("input", { type: "checkbox" }));
    this.#checkboxes.set(owner, checkbox);
    byId("owners").append(element("label", { class: "check" }, checkbox, element("bdi", {}, owner)));
  }

  #values() {
    const owners = [...this.#checkboxes].filter(([, checkbox]) => checkbox.checked).map(([owner]) => owner);
    return {
      owners,
      workers: Number(byId("workers").value),
      throttle: Number(byId("throttle").value) / 100,
      plugged: byId("plugged").checked,
      gpu: byId("gpu").checked,
    };
  }
}
