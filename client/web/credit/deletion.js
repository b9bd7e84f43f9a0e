// The end of the visitor's record: at the pool and in this browser, after a second press.

import { element, setText } from "../dom.js";
import { refusalText } from "./refusals.js";

export class Deletion {
  #language;
  #account;
  #controller;
  #first;
  #second;
  #cancel;
  #status = element("p", { id: "credit-delete-status", class: "credit-status", role: "status" });

  /**
   * @param {import("../languages.js").Language} language @param {import("./account.js").Account} account
   * @param {import("../volunteer-controller.js").VolunteerController} controller
   */
  constructor(language, account, controller) {
    this.#language = language;
    this.#account = account;
    this.#controller = controller;
    this.#first = this.#button("credit.delete", () => this.#ask(true));
    this.#second = this.#button("credit.delete.really", () => void this.#delete());
    this.#cancel = this.#button("credit.delete.cancel", () => this.#ask(false));
    this.#ask(false);
    const buttons = element("div", { class: "actions" }, this.#first, this.#second, this.#cancel);
    const help = element("p", { class: "help" }, language.text("credit.delete.help"));
    const summary = element("summary", {}, language.text("credit.delete"));
    this.node = element("details", {}, summary, help, buttons, this.#status);
  }

  /** @param {string} key @param {() => void} onclick */
  #button(key, onclick) {
    const button = element("button", { class: "button", type: "button" }, this.#language.text(key));
    button.addEventListener("click", onclick);
    return button;
  }

  /** @param {boolean} isAsking */
  #ask(isAsking) {
    const hadFocus = document.activeElement === (isAsking ? this.#first : this.#cancel);
    this.#first.hidden = isAsking;
    this.#second.hidden = this.#cancel.hidden = !isAsking;
    if (hadFocus) (isAsking ? this.#cancel : this.#first).focus();
  }

  async #delete() {
    const { volunteer } = this.#controller.preferences;
    if (volunteer === undefined) return;
    this.#ask(false);
    // First: a result that arrives after the deletion would begin a new record.
    await this.#controller.stop();
    try {
      await this.#account.delete(volunteer);
      this.#controller.forget();
      document.getElementById("toggle")?.focus();
    } catch (error) {
      setText(this.#status, refusalText(this.#language, error));
    }
  }
}
