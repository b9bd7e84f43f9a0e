// A labelled field of a form, with help and the error that the pool finds in it.

import { element, setText } from "../dom.js";

let fields = 0;

export class Field {
  #error;
  #label;

  /**
   * @param {string} label
   * @param {HTMLElement} control an input, select or textarea, or what contains one that is labelled itself
   * @param {{help?: string, isCheck?: boolean}} [options] `isCheck`: a checkbox, beside its label
   */
  constructor(label, control, { help = "", isCheck = false } = {}) {
    const id = `field-${(fields += 1)}`;
    this.control = control;
    this.#error = element("p", { id: `${id}-error`, class: "field-error", hidden: true, dir: "auto" });
    const hint = element("p", { id: `${id}-help`, class: "help" }, help);
    control.id = id;
    control.setAttribute("aria-describedby", `${id}-error${help && ` ${id}-help`}`);
    this.#label = isCheck ? element("span", {}, label) : element("label", { for: id }, label);
    const named = isCheck ? [element("label", { class: "check" }, control, this.#label)] : [this.#label, control];
    this.element = element("div", { class: "field" }, ...named, ...(help ? [hint] : []), this.#error);
  }

  /** @param {string} label */
  setLabel(label) {
    setText(this.#label, label);
  }

  /** @param {string} text empty: no error */
  showError(text) {
    this.#error.hidden = text === "";
    setText(this.#error, text);
    this.control.toggleAttribute("data-invalid", text !== "");
    if (text) this.control.setAttribute("aria-invalid", "true");
    else this.control.removeAttribute("aria-invalid");
  }

  focus() {
    // It may be in a closed disclosure.
    const details = this.element.closest("details");
    if (details) details.open = true;
    this.control.focus();
  }
}

/** @param {Record<string, string | number | boolean>} attributes */
export const input = (attributes) => /** @type {HTMLInputElement} */ (element("input", attributes));

/** @param {[value: string, label: string][]} options */
export function select(options) {
  const items = options.map(([value, label]) => element("option", { value }, label));
  return /** @type {HTMLSelectElement} */ (element("select", {}, ...items));
}

/** Fields by the path that the pool gives them: `settings.lease_seconds`. */
export class FieldErrors {
  #fields;

  /** @param {Record<string, {showError: (text: string) => void, focus: () => void}>} fields */
  constructor(fields) {
    this.#fields = fields;
  }

  clear() {
    for (const field of Object.values(this.#fields)) field.showError("");
  }

  /**
   * Shows an error at the field of this path, or at one that contains it, and moves the focus there. Returns whether
   * there is one.
   * @param {string} path @param {string} text
   */
  show(path, text) {
    for (let rest = path; rest !== ""; rest = rest.replace(/[.[]?[^.[]*$/, "")) {
      if (!Object.hasOwn(this.#fields, rest)) continue;
      this.#fields[rest].showError(text);
      this.#fields[rest].focus();
      return true;
    }
    return false;
  }
}
