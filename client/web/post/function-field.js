// A function of the job: an editor, or a plain text field where the editor does not load.

import { element, setText } from "../dom.js";
import { TEMPLATES } from "./templates.js";

/** @typedef {import("../languages.js").Language} Language */
/** As in the errors of the pool: `unexpected token (line 3, column 7)`. */
const LINE = /\(line (\d+)/;

export class FunctionField {
  #text;
  #error;
  /** @type {ReturnType<typeof import("../../js/tools/editor.js").createEditor> | undefined} */
  #editor;
  #line = 0;

  /** @param {string} name of the field @param {Language} language */
  constructor(name, language) {
    const label = language.text(`post.${name}`);
    const id = `function-${name}`;
    const description = language.text(`post.${name}.help`);
    const help = element("p", { class: "help", id: `${id}-help` }, description);
    const described = `${id}-error ${id}-help`;
    this.#text = /** @type {HTMLTextAreaElement} */ (
      element("textarea", { id, rows: 8, spellcheck: "false", autocapitalize: "off", "aria-describedby": described })
    );
    this.#error = element("p", { class: "field-error", id: `${id}-error`, hidden: true, dir: "auto" });
    const template = element("button", { class: "button quiet", type: "button" }, language.text("post.template"));
    template.append(element("span", { class: "visually-hidden" }, `: ${label}`));
    template.addEventListener("click", () => this.#insert(TEMPLATES[name]));
    const heading = element("label", { for: id }, label);
    heading.addEventListener("click", () => this.focus());
    const head = element("div", { class: "function-head" }, heading, template);
    this.element = element("div", { class: "field function" }, head, help, this.#text, this.#error);
    void this.#enhance(`${label}: ${language.text("post.editor")}`, description);
  }

  /** As attributes: labels and descriptions do not reach into a shadow root. @param {string} label @param {string} description */
  async #enhance(label, description) {
    /** @type {typeof import("../../js/tools/editor.js") | null} */
    const module = await import("../vendor/editor.js").catch(() => null);
    if (module === null) return;
    const host = element("div", { class: "editor" });
    const hadFocus = document.activeElement === this.#text;
    this.#text.after(host);
    this.#editor = module.createEditor(host.attachShadow({ mode: "open" }), {
      text: this.#text.value,
      attributes: { "aria-label": label, "aria-description": description },
      onchange: (text) => {
        this.#text.value = text;
        this.#text.dispatchEvent(new Event("input", { bubbles: true }));
      },
    });
    this.#text.hidden = true;
    if (hadFocus) this.#editor.focus();
  }

  get value() {
    return this.#text.value.trim() === "" ? "" : this.#text.value;
  }

  set value(text) {
    this.#text.value = text;
    this.#editor?.setText(text);
  }

  /** Goes on the undo history of the editor. @param {string} text */
  #insert(text) {
    this.value = text;
    this.#text.dispatchEvent(new Event("input", { bubbles: true }));
    this.focus();
  }

  /** @param {string} text empty: no error */
  showError(text) {
    this.#line = Number(LINE.exec(text)?.[1] ?? 0);
    this.#error.hidden = text === "";
    setText(this.#error, text);
    this.#text.setAttribute("aria-invalid", String(text !== ""));
    this.#editor?.setInvalid(text !== "");
    this.element.toggleAttribute("data-invalid", text !== "");
  }

  focus() {
    const details = this.element.closest("details");
    if (details) details.open = true;
    if (this.#editor) this.#editor.focus(this.#line || undefined);
    else this.#text.focus();
  }
}
