// Name and team: both optional, and shown to others only if the visitor wants that.

import { element, setText } from "../dom.js";
import { refusalText } from "./refusals.js";

export const MAX_LENGTH = 30;

export class ProfileForm {
  #language;
  #account;
  #onchange;
  #name = field("credit-name");
  #team = field("credit-team");
  #shown = /** @type {HTMLInputElement} */ (element("input", { type: "checkbox" }));
  #removed = element("p", { class: "notice", hidden: true });
  #status = element("p", { id: "credit-names-status", class: "credit-status", role: "status" });
  /** What the visitor types is not overwritten. */
  #isEdited = false;

  /**
   * @param {import("../languages.js").Language} language @param {import("./account.js").Account} account
   * @param {() => void} onchange
   */
  constructor(language, account, onchange) {
    this.#language = language;
    this.#account = account;
    this.#onchange = onchange;
    const save = element("button", { class: "button", type: "submit" }, language.text("credit.save"));
    const form = element(
      "form",
      { class: "credit-form" },
      this.#removed,
      ...this.#labelled("credit.name", this.#name),
      ...this.#labelled("credit.team", this.#team),
      element("p", { class: "help", id: "credit-names-help" }, language.text("credit.names.help")),
      element("label", { class: "check" }, this.#shown, element("span", {}, language.text("credit.shown"))),
      save,
      this.#status,
    );
    form.addEventListener("input", () => (this.#isEdited = true));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#save();
    });
    this.node = element("details", {}, element("summary", {}, language.text("credit.names")), form);
  }

  /** @param {string} key @param {HTMLInputElement} input */
  #labelled(key, input) {
    input.setAttribute("aria-describedby", "credit-names-help");
    return [element("label", { for: input.id }, this.#language.text(key)), input];
  }

  /** @param {import("./account.js").Record} record */
  show({ name, team, shown, removed }) {
    this.#removed.hidden = removed === null;
    setText(this.#removed, this.#language.text("credit.removed", { reason: removed ?? "" }));
    if (this.#isEdited) return;
    this.#name.value = name ?? "";
    this.#team.value = team ?? "";
    this.#shown.checked = shown;
  }

  async #save() {
    const fields = { name: this.#name.value.trim() || null, team: this.#team.value.trim() || null };
    try {
      const record = await this.#account.change({ ...fields, shown: this.#shown.checked });
      this.#isEdited = false;
      this.show(record);
      setText(this.#status, this.#language.text(record.shown ? "credit.saved.shown" : "credit.saved"));
      this.#onchange();
    } catch (error) {
      setText(this.#status, refusalText(this.#language, error));
    }
  }
}

/** @param {string} id */
function field(id) {
  const attributes = { id, type: "text", maxlength: MAX_LENGTH, autocomplete: "off", dir: "auto" };
  return /** @type {HTMLInputElement} */ (element("input", attributes));
}
