// Adds units to a job: from a file that is chosen or dropped, a list or a range. After a failure the same units go on
// where they stopped.

import { randomId } from "../../../js/lib/identity.js";
import { element, setText } from "../../dom.js";
import { InputsForm } from "../../owning/inputs-form.js";
import { InputError } from "../../owning/inputs.js";
import { Upload } from "../../owning/upload.js";

/** @typedef {import("../../languages.js").Language} Language */
/** @typedef {import("./actions.js").Act} Act */

export class AddUnits {
  #language;
  #act;
  #requests;
  #job;
  #inputs;
  #bar = /** @type {HTMLProgressElement} */ (element("progress", { max: 1, value: 0, hidden: true }));
  #button = element("button", { class: "button", type: "submit" });
  /** @type {Upload | undefined} */
  #upload;

  /**
   * @param {Language} language @param {Act} act @param {() => import("./requests.js").OwnerRequests} requests
   * @param {() => import("../../../js/lib/document.js").Document} job
   */
  constructor(language, act, requests, job) {
    this.#language = language;
    this.#act = act;
    this.#requests = requests;
    this.#job = job;
    this.#inputs = new InputsForm(language, ["file", "list", "range"], () => this.#reset());
    this.#bar.setAttribute("aria-label", this.#text("units"));
    this.element = element("form", { class: "fields", novalidate: true }, this.#inputs.element, this.#bar);
    this.element.append(element("div", {}, this.#button));
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#post();
    });
    this.#reset();
  }

  /** @param {string} key @param {Record<string, string | number>} [values] */
  #text = (key, values) => this.#language.text(`owning.${key}`, values);

  /** Other inputs are another upload. */
  #reset() {
    this.#upload = undefined;
    this.#bar.hidden = true;
    setText(this.#button, this.#text("units.add"));
  }

  async #post() {
    try {
      this.#upload ??= this.#begin();
    } catch (ex) {
      if (!(ex instanceof InputError)) throw ex;
      this.#inputs.showError(ex);
      this.#inputs.focus();
      return;
    }
    const upload = this.#upload;
    this.#show(upload.posted);
    const done = this.#text("units.done", { count: upload.count });
    if (await this.#act(done, () => upload.run((posted) => this.#show(posted)))) this.#reset();
    else setText(this.#button, this.#text("units.go-on"));
  }

  #begin() {
    const inputs = this.#inputs.read();
    if (inputs === null) throw new InputError("empty");
    return new Upload(this.#requests().transport, this.#job().link("post_variable"), inputs, randomId());
  }

  /** @param {number} posted */
  #show(posted) {
    this.#bar.hidden = false;
    this.#bar.max = this.#upload?.count ?? 1;
    this.#bar.value = posted;
  }
}
