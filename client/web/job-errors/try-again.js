// The button that gives the variable of an error to volunteers again, once it has failed too often.

import { element, setText } from "../dom.js";

export class TryAgain {
  #language;
  #release;
  #outcome = element("span", { class: "help" });
  #address = "";

  /** @param {import("../languages.js").Language} language @param {(address: string) => Promise<string>} release */
  constructor(language, release) {
    this.#language = language;
    this.#release = release;
    const button = element("button", { class: "button", type: "button" }, language.text("job-errors.again"));
    button.addEventListener("click", () => this.#act());
    this.element = element("div", { class: "try-again" }, button, this.#outcome);
  }

  /** @param {string} address of the variable */
  render(address) {
    if (address !== this.#address) setText(this.#outcome, "");
    this.#address = address;
  }

  /** The page's status says the same to screen readers. */
  async #act() {
    setText(this.#outcome, this.#language.text(`job-errors.status.${await this.#release(this.#address)}`));
  }
}
