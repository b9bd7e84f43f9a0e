// The visitor's choices: how many cores, what share of their time, when, and for whom.

import { element, find, say } from "./dom.js";
import { cores } from "./memory.js";
import { Power } from "./power.js";

export class Choices {
  #language;
  #volunteering;
  /** @type {Map<string, HTMLInputElement>} */
  #boxes = new Map();

  /**
   * @param {import("./languages.js").Language} language
   * @param {import("./volunteering.js").Volunteering} volunteering
   */
  constructor(language, volunteering) {
    this.#language = language;
    this.#volunteering = volunteering;
    find("workers").max = cores();
    find("workers-choice").hidden = cores() === 1;
    find("plugged-choice").hidden = !Power.isTold;
    find("gpu-choice").hidden = !("gpu" in navigator);
    find("choices").addEventListener("input", () => volunteering.choose(this.#chosen()));
    this.draw();
  }

  /** @param {Iterable<string>} owners found among the jobs; one that was chosen before stays to be seen */
  offer(owners) {
    for (const owner of owners) if (!this.#boxes.has(owner)) this.#add(owner);
    this.draw();
  }

  draw() {
    const { workers, throttle, plugged, gpu, owners } = this.#volunteering.memory.settings;
    for (const owner of owners) if (!this.#boxes.has(owner)) this.#add(owner);
    for (const [owner, box] of this.#boxes) box.checked = owners.includes(owner);
    find("workers").value = workers;
    find("throttle").value = Math.round(throttle * 100);
    find("plugged").checked = plugged;
    find("gpu").checked = gpu;
    find("owners-choice").hidden = this.#boxes.size < 2 && owners.length === 0;
    this.#drawWords(workers, throttle, owners);
  }

  /** @param {number} workers @param {number} throttle @param {string[]} owners */
  #drawWords(workers, throttle, owners) {
    const share = this.#language.percent(throttle);
    const ofCores = this.#language.text("choices.workers.value", { workers, count: cores() });
    say(find("workers-value"), ofCores);
    find("workers").setAttribute("aria-valuetext", ofCores);
    say(find("throttle-value"), share);
    find("throttle").setAttribute("aria-valuetext", share);
    say(find("owners-help"), this.#language.text(`choices.owners.${owners.length ? "some" : "everyone"}`));
  }

  /** @param {string} owner */
  #add(owner) {
    const box = /** @type {HTMLInputElement} */ (element("input", { type: "checkbox" }));
    this.#boxes.set(owner, box);
    find("owners").append(element("label", { class: "check" }, box, element("bdi", {}, owner)));
  }

  #chosen() {
    const owners = [...this.#boxes].filter(([, box]) => box.checked).map(([owner]) => owner);
    return {
      owners,
      workers: Number(find("workers").value),
      throttle: Number(find("throttle").value) / 100,
      plugged: find("plugged").checked,
      gpu: find("gpu").checked,
    };
  }
}
