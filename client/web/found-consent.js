// One button that shows what all finished jobs have found: code of jobs runs for that, and who agrees agrees for all.

import { byId } from "./dom.js";

export class FoundConsent {
  #consent;
  #hasPictures = false;

  /** @param {import("./render/consent.js").RenderConsent} consent */
  constructor(consent) {
    this.#consent = consent;
    consent.onchange(() => this.#update());
    byId("found-show").addEventListener("click", () => {
      consent.give();
      byId("found-list").focus(); // The button that had it is hidden now.
    });
  }

  /** @param {boolean} hasPictures whether code of a listed job would run */
  render(hasPictures) {
    this.#hasPictures = hasPictures;
    this.#update();
  }

  #update() {
    byId("found-consent").hidden = this.#consent.isGiven || !this.#hasPictures;
  }
}
