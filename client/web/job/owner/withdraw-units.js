// Withdraws units by their ids, a line each, in whatever state short of done they are.

import { element } from "../../dom.js";
import { Field } from "../../owning/field.js";

/** @typedef {import("../../languages.js").Language} Language */

export class WithdrawUnits {
  #language;
  #act;
  #requests;
  #job;
  #ids = /** @type {HTMLTextAreaElement} */ (element("textarea", { rows: 4, spellcheck: "false", autocomplete: "off" }));
  #field;

  /**
   * @param {Language} language @param {import("./actions.js").Act} act
   * @param {() => import("./requests.js").OwnerRequests} requests @param {() => import("../../../js/lib/document.js").Document} job
   */
  constructor(language, act, requests, job) {
    this.#language = language;
    this.#act = act;
    this.#requests = requests;
    this.#job = job;
    this.#field = new Field(this.#text("withdraw.ids"), this.#ids, { help: this.#text("withdraw.ids.help") });
    const button = element("button", { class: "button", type: "submit" }, this.#text("withdraw.these"));
    this.element = element("form", { class: "fields", novalidate: true }, this.#field.element, element("div", {}, button));
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#withdraw();
    });
  }

  /** @param {string} key @param {Record<string, string | number>} [values] */
  #text = (key, values) => this.#language.text(`owning.${key}`, values);

  /** One after the other: what is withdrawn leaves the field, so that it shows which one was refused. */
  async #withdraw() {
    const ids = this.#ids.value.split(/\s+/).filter(Boolean);
    this.#field.showError(ids.length ? "" : this.#text("inputs.error.empty"));
    if (ids.length === 0) return this.#field.focus();
    const count = ids.length;
    await this.#act(this.#text("withdraw.these.done", { count }), async () => {
      while (ids.length) {
        await this.#requests().withdraw(this.#job().link("put_variable", { variable: ids[0] }));
        ids.shift();
        this.#ids.value = ids.join("\n");
      }
    });
  }
}
