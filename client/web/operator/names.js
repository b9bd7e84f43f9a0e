// Names and teams of volunteers, as others see them: the newest ones, and what the operator has forbidden.

import { messageOf, PoolError } from "../../js/lib/errors.js";
import { byId, element, setText } from "../dom.js";
import { Field, FieldErrors, input } from "../owning/field.js";

/** @typedef {import("../languages.js").Language} Language */
/** @typedef {(method: string, address: string, body?: object) => Promise<any>} Send resolves with the document */
/** @typedef {{mark: string, name: string | null, team: string | null, changed: string}} Shown */
/** @typedef {{id: string, text: string | null, mark: string | null, reason: string, created: string}} Ban */

const LISTED = 20;
const MARK = /^[0-9a-f]{10}$/;

export class Names {
  #language;
  #send;
  #subject = input({ type: "text", maxlength: 60, spellcheck: "false", autocomplete: "off", dir: "auto" });
  #reason = input({ type: "text", maxlength: 500, autocomplete: "off", dir: "auto" });
  #errors;
  #address = "";
  /** Templates and addresses in the last document. @type {Record<string, string>} */
  #links = {};

  /** @param {Language} language @param {Send} send */
  constructor(language, send) {
    this.#language = language;
    this.#send = send;
    const subject = new Field(this.#text("ban.subject"), this.#subject, { help: this.#text("ban.subject.help") });
    const reason = new Field(this.#text("ban.reason"), this.#reason, { help: this.#text("ban.reason.help") });
    this.#errors = new FieldErrors({ text: subject, mark: subject, reason });
    const button = element("button", { class: "button", type: "submit" }, this.#text("ban"));
    byId("ban-form").append(subject.element, reason.element, element("div", {}, button));
    byId("ban-form").addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      void this.#ban();
    });
  }

  /** @param {string} key @param {Record<string, string | number>} [values] */
  #text = (key, values) => this.#language.text(`operator.${key}`, values);

  /** @param {import("../../js/lib/document.js").Document} operator */
  render(operator) {
    this.#address = operator.link("names");
    void this.#load();
  }

  async #load() {
    const document = await this.#send("GET", `${this.#address}?limit=${LISTED}`).catch(() => null);
    // What is shown stays while the pool does not respond.
    if (document === null) return;
    this.#links = document._links;
    this.#show("shown-names", document._embedded.items.map((/** @type {Shown} */ shown) => this.#shown(shown)));
    this.#show("bans", document.bans.map((/** @type {Ban} */ ban) => this.#banned(ban)));
    byId("names-none").hidden = document.total > 0;
  }

  /** @param {string} id @param {HTMLElement[]} items */
  #show(id, items) {
    if (!byId(id).contains(document.activeElement)) byId(id).replaceChildren(...items);
  }

  /** @param {Shown} shown */
  #shown({ mark, name, team, changed }) {
    const facts = [name, team && this.#text("names.team", { team })].filter((fact) => fact !== null);
    const line = element("p", {}, ...facts.flatMap((fact) => [element("bdi", {}, String(fact)), " · "]), element("code", {}, mark));
    const button = this.#button("ban.this", name ?? team ?? mark, () => this.#ask(name ?? team ?? mark));
    return this.#item([line, this.#since(changed)], button);
  }

  /** @param {Ban} ban */
  #banned({ id, text, mark, reason, created }) {
    const subject = text ?? mark ?? "";
    const button = this.#button("unban", subject, () => void this.#unban(id, subject));
    const what = element("p", {}, text === null ? element("code", {}, subject) : element("bdi", {}, subject));
    return this.#item([what, element("p", { dir: "auto" }, reason), this.#since(created)], button);
  }

  /** @param {HTMLElement[]} facts @param {HTMLElement} button */
  #item = (facts, button) => element("li", {}, element("div", {}, ...facts), button);

  /** @param {string} moment */
  #since = (moment) => element("p", { class: "help" }, this.#language.dateTime(new Date(moment)));

  /** @param {string} key @param {string} subject for those who don't see where it is @param {() => void} onclick */
  #button(key, subject, onclick) {
    const hidden = element("span", { class: "visually-hidden" }, ` ${subject}`);
    const button = element("button", { class: "button small", type: "button" }, this.#text(key), hidden);
    button.addEventListener("click", onclick);
    return button;
  }

  /** @param {string} subject */
  #ask(subject) {
    this.#subject.value = subject;
    this.#reason.focus();
  }

  async #ban() {
    this.#errors.clear();
    const subject = this.#subject.value.trim();
    const whom = MARK.test(subject) ? { mark: subject } : { text: subject };
    if (!(await this.#attempt("POST", this.#links.post_ban, { ...whom, reason: this.#reason.value }))) return;
    this.#subject.value = this.#reason.value = "";
    this.#announce("ban.done", subject);
  }

  /** @param {string} id @param {string} subject */
  async #unban(id, subject) {
    const address = this.#links.ban.replace("{ban}", encodeURIComponent(id));
    if (await this.#attempt("DELETE", address)) this.#announce("unban.done", subject);
  }

  /** @param {string} key @param {string} subject */
  #announce(key, subject) {
    setText(byId("ban-status"), this.#text(key, { subject }));
    this.#subject.focus();
    void this.#load();
  }

  /** @param {string} method @param {string} address @param {object} [body] */
  async #attempt(method, address, body) {
    setText(byId("ban-status"), "");
    try {
      await this.#send(method, new URL(address, location.href).href, body);
      return true;
    } catch (ex) {
      const field = ex instanceof PoolError ? ex.field : "";
      const text = ex instanceof PoolError ? ex.detail || ex.title : messageOf(ex);
      if (!this.#errors.show(field, text)) setText(byId("ban-status"), text);
      return false;
    }
  }
}
