// The blocks of the operator: the form that sets one, and the list from which one is removed.

import { byId, element, setText } from "../dom.js";
import { messageOf, PoolError } from "../../js/lib/errors.js";
import { Field, FieldErrors, input } from "../owning/field.js";

/** @typedef {import("../languages.js").Language} Language */
/** @typedef {(method: string, address: string, body?: object) => Promise<unknown>} Send */

export class Blocks {
  #language;
  #send;
  #onchange;
  #target = input({ type: "text", maxlength: 100, spellcheck: "false", autocomplete: "off", autocapitalize: "off" });
  #reason = input({ type: "text", maxlength: 500, autocomplete: "off" });
  #errors;
  #address = "";

  /** @param {Language} language @param {Send} send @param {() => void} onchange */
  constructor(language, send, onchange) {
    this.#language = language;
    this.#send = send;
    this.#onchange = onchange;
    const target = new Field(this.#text("block.target"), this.#target, { help: this.#text("block.target.help") });
    const reason = new Field(this.#text("block.reason"), this.#reason, { help: this.#text("block.reason.help") });
    this.#errors = new FieldErrors({ target, reason });
    const button = element("button", { class: "button", type: "submit" }, this.#text("block"));
    byId("block-form").append(target.element, reason.element, element("div", {}, button));
    byId("block-form").addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      void this.#add();
    });
  }

  /** @param {string} key @param {Record<string, string | number>} [values] */
  #text = (key, values) => this.#language.text(`operator.${key}`, values);

  /** @param {string} target */
  ask(target) {
    this.#target.value = target;
    this.#reason.focus();
  }

  /** @param {import("../../js/lib/document.js").Document} operator */
  render(operator) {
    this.#address = operator.link("blocks");
    if (byId("blocks").contains(document.activeElement)) return;
    byId("blocks").replaceChildren(...operator.content.blocks.map((/** @type {any} */ block) => this.#item(block)));
  }

  /** @param {{target: string, reason: string, created: string, _links: {self: string}}} block */
  #item({ target, reason, created, _links }) {
    const remove = element("button", { class: "button small", type: "button" }, this.#text("unblock"));
    remove.append(element("span", { class: "visually-hidden" }, ` ${target}`));
    remove.addEventListener("click", () => void this.#remove(_links.self, target));
    const since = element("p", { class: "help" }, this.#language.dateTime(new Date(created)));
    const facts = element("div", {}, element("code", {}, target), element("p", { dir: "auto" }, reason), since);
    return element("li", {}, facts, remove);
  }

  async #add() {
    this.#errors.clear();
    const target = this.#target.value.trim();
    const isDone = await this.#attempt("POST", this.#address, { target, reason: this.#reason.value });
    if (!isDone) return;
    this.#target.value = this.#reason.value = "";
    this.#announce("block.done", target);
  }

  /** @param {string} address @param {string} target */
  async #remove(address, target) {
    if (await this.#attempt("DELETE", new URL(address, location.href).href)) this.#announce("unblock.done", target);
  }

  /** @param {string} key @param {string} target */
  #announce(key, target) {
    setText(byId("block-status"), this.#text(key, { target }));
    this.#target.focus();
    this.#onchange();
  }

  /** @param {string} method @param {string} address @param {object} [body] */
  async #attempt(method, address, body) {
    setText(byId("block-status"), "");
    try {
      await this.#send(method, address, body);
      return true;
    } catch (ex) {
      const field = ex instanceof PoolError ? ex.field : "";
      const text = ex instanceof PoolError ? ex.detail || ex.title : messageOf(ex);
      if (!this.#errors.show(field, text)) setText(byId("block-status"), text);
      return false;
    }
  }
}
