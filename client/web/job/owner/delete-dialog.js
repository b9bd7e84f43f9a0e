// Deletes a job, after a question: its id has to be typed, since nothing brings the results back.

import { element, setText } from "../../dom.js";
import { isolate } from "../../languages.js";
import { Field, input } from "../../owning/field.js";

/** @typedef {import("../../languages.js").Language} Language */
/** @typedef {import("./actions.js").Act} Act */

export class DeleteDialog {
  #language;
  #act;
  #requests;
  #ondelete;
  #id = "";
  #typed = input({ type: "text", spellcheck: "false", autocomplete: "off", autocapitalize: "off" });
  #field;
  #question = element("p");

  /**
   * @param {Language} language @param {Act} act @param {() => import("./requests.js").OwnerRequests} requests
   * @param {() => void} ondelete
   */
  constructor(language, act, requests, ondelete) {
    this.#language = language;
    this.#act = act;
    this.#requests = requests;
    this.#ondelete = ondelete;
    this.#field = new Field(this.#text("delete.id"), this.#typed);
    this.button = element("button", { class: "button quiet danger", type: "button" }, this.#text("delete"));
    this.button.addEventListener("click", () => void this.#open());
    const cancel = element("button", { class: "button", type: "button" }, this.#text("delete.cancel"));
    const confirm = element("button", { class: "button danger", type: "submit" }, this.#text("delete.confirm"));
    const buttons = element("div", { class: "actions" }, cancel, confirm);
    const heading = element("h3", { id: "delete-heading" }, this.#text("delete.heading"));
    const form = element("form", { class: "fields", novalidate: true }, heading, this.#question, this.#field.element, buttons);
    this.element = /** @type {HTMLDialogElement} */ (element("dialog", { "aria-labelledby": "delete-heading" }, form));
    cancel.addEventListener("click", () => this.element.close());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#confirm();
    });
  }

  /** @param {string} key @param {Record<string, string | number>} [values] */
  #text = (key, values) => this.#language.text(`owning.${key}`, values);

  async #open() {
    const job = await this.#requests().job().catch(() => null);
    if (job === null) return;
    this.#id = String(job.content.id);
    this.#typed.value = "";
    this.#field.showError("");
    setText(this.#question, this.#text("delete.question", { id: isolate(this.#id) }));
    this.element.showModal();
    this.#typed.focus();
  }

  async #confirm() {
    if (this.#typed.value.trim() !== this.#id) {
      this.#field.showError(this.#text("delete.mistyped"));
      this.#typed.focus();
      return;
    }
    this.element.close();
    if (await this.#act(this.#text("delete.done"), () => this.#requests().delete())) this.#ondelete();
  }
}
