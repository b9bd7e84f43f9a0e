// The picture that a job's `render` makes of the one result that was tried: run in the sandbox, checked, and drawn here.

import { messageOf } from "../../js/lib/errors.js";
import { byId, element } from "../dom.js";
import { figureOf } from "../render/figure.js";
import { runRender } from "../render/renderer.js";
import { validated } from "../render/validate.js";

/** @typedef {import("../languages.js").Language} Language */

const NAME = "trial";

export class TrialPicture {
  #language;
  #sandbox;
  #place = byId("trial-picture");

  /** @param {Language} language @param {() => Promise<string>} sandbox the address of its document */
  constructor(language, sandbox) {
    this.#language = language;
    this.#sandbox = sandbox;
  }

  clear() {
    this.#place.replaceChildren();
    this.#place.closest("section").hidden = true;
  }

  /** @param {string | undefined} source of `render` @param {unknown} input @param {string} result as JSON */
  async draw(source, input, result) {
    if (source === undefined) return;
    const results = [{ variable: NAME, input, result: JSON.parse(result) }];
    const context = { job: { id: NAME, name: NAME }, metadata: { name: NAME } };
    this.#place.closest("section").hidden = false;
    this.#place.replaceChildren(await this.#figure(source, { results, context }));
  }

  /** @param {string} source @param {{results: object[], context: object}} given */
  async #figure(source, given) {
    try {
      const { text } = await runRender(await this.#sandbox(), source, given);
      const setting = { language: this.#language, name: NAME, width: this.#place.clientWidth, isMine: () => false };
      return figureOf(validated(text), setting);
    } catch (ex) {
      return element("p", { class: "field-error", dir: "auto" }, messageOf(ex));
    }
  }
}
