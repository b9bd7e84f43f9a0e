// Another device of the same visitor: it shows a code, or takes one that another shows.

import { element, setText } from "../dom.js";
import { refusalText } from "./refusals.js";

export class Devices {
  #language;
  #account;
  #onjoin;
  #code = element("output", { id: "credit-code-shown", class: "join-code" });
  #shown = element("p", { class: "help" });
  #show;
  #offer;
  #input = /** @type {HTMLInputElement} */ (
    element("input", {
      ...{ id: "credit-code", type: "text", maxlength: 20, dir: "ltr" },
      ...{ autocomplete: "off", autocapitalize: "characters", spellcheck: "false" },
    })
  );
  #status = element("p", { id: "credit-devices-status", class: "credit-status", role: "status" });

  /**
   * @param {import("../languages.js").Language} language @param {import("./account.js").Account} account
   * @param {(volunteer: string) => void} onjoin
   */
  constructor(language, account, onjoin) {
    this.#language = language;
    this.#account = account;
    this.#onjoin = onjoin;
    this.#show = element("button", { class: "button", type: "button" }, language.text("credit.code.show"));
    this.#show.addEventListener("click", () => void this.#makeCode());
    const join = element("button", { class: "button", type: "submit" }, language.text("credit.code.join"));
    const form = element(
      "form",
      { class: "credit-form" },
      element("label", { for: "credit-code" }, language.text("credit.code.enter")),
      this.#input,
      element("p", { class: "help" }, language.text("credit.code.enter.help")),
      join,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#join();
    });
    this.#offer = element("div", { class: "credit-form" }, this.#show, this.#code, this.#shown);
    const summary = element("summary", {}, language.text("credit.devices"));
    this.node = element("details", {}, summary, this.#offer, form, this.#status);
  }

  /** @param {boolean} isKnown whether the visitor has an id that it could share */
  render(isKnown) {
    this.#offer.hidden = !isKnown;
    if (!isKnown) this.#showCode("", "");
  }

  async #makeCode() {
    try {
      const { code, expires } = await this.#account.makeCode();
      const until = this.#language.time(new Date(expires));
      this.#showCode(code, this.#language.text("credit.code.valid", { until }));
      setText(this.#status, "");
    } catch (error) {
      setText(this.#status, refusalText(this.#language, error));
    }
  }

  /** @param {string} code @param {string} help */
  #showCode(code, help) {
    setText(this.#code, code);
    setText(this.#shown, help);
  }

  async #join() {
    try {
      this.#onjoin(await this.#account.join(this.#input.value));
      this.#input.value = "";
      setText(this.#status, this.#language.text("credit.code.joined"));
    } catch (error) {
      setText(this.#status, refusalText(this.#language, error));
    }
  }
}
