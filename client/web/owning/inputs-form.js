// The form for inputs: a range of numbers, a list, a file that is chosen or dropped, or none for now; and how they look.

import { element, setText } from "../dom.js";
import { Field, input } from "./field.js";
import { fileInputs, InputError, listInputs, rangeInputs } from "./inputs.js";

/** @typedef {import("../languages.js").Language} Language */
/** @typedef {import("./inputs.js").Inputs} Inputs */
/** @typedef {"none" | "range" | "list" | "file"} Way */

/** In bytes. */
const MAX_FILE = 32 << 20;
const SHOWN = 3;
/** Characters of each. */
const MAX_SHOWN = 200;

export class InputsForm {
  #language;
  #onchange;
  /** @type {Record<string, HTMLInputElement>} */
  #ways = {};
  /** @type {Record<string, HTMLElement>} */
  #panels = {};
  #range = {
    first: input({ type: "number", step: "any", value: 1 }),
    last: input({ type: "number", step: "any", value: 100 }),
    step: input({ type: "number", step: "any", value: 1 }),
  };
  #name = input({ type: "text", maxlength: 100, spellcheck: "false", autocomplete: "off" });
  #list = /** @type {HTMLTextAreaElement} */ (element("textarea", { rows: 6, spellcheck: "false", autocomplete: "off" }));
  #file = input({ type: "file", accept: ".csv,.tsv,.ndjson,.jsonl,.json,.txt" });
  #fileName = element("p", { class: "help", dir: "auto" });
  #preview = element("ol", { class: "units", dir: "auto" });
  #status = element("p", { class: "help", role: "status" });
  #error = element("p", { class: "field-error", hidden: true, role: "alert", dir: "auto" });
  /** The chosen file's. @type {Inputs | InputError | null} */
  #ofFile = null;

  /**
   * @param {Language} language @param {readonly Way[]} ways the first is chosen @param {() => void} onchange
   */
  constructor(language, ways, onchange = () => {}) {
    this.#language = language;
    this.#onchange = onchange;
    const field = this.#fields();
    this.#panels = {
      range: element("div", { class: "row" }, ...field.range),
      list: element("div", {}, field.list),
      file: this.#dropZone(field.file),
      named: field.name,
    };
    const choice = element("div", { class: "ways", role: "radiogroup", "aria-label": this.#text("inputs") });
    choice.append(...ways.map((way, index) => this.#way(way, index === 0)));
    const panels = Object.values(this.#panels);
    this.element = element("div", { class: "inputs" }, choice, ...panels, this.#error, this.#status, this.#preview);
    this.element.addEventListener("input", () => this.render());
    this.render();
  }

  /** @param {string} key @param {Record<string, string | number>} [values] */
  #text = (key, values) => this.#language.text(`owning.${key}`, values);

  #fields() {
    const range = Object.entries(this.#range).map(([name, control]) => new Field(this.#text(`range.${name}`), control).element);
    const name = new Field(this.#text("inputs.name"), this.#name, { help: this.#text("inputs.name.help") });
    const list = new Field(this.#text("list"), this.#list, { help: this.#text("list.help") });
    const file = new Field(this.#text("file"), this.#file, { help: this.#text("file.help") });
    return { range, name: name.element, list: list.element, file: file.element };
  }

  /** @param {Way} way @param {boolean} checked */
  #way(way, checked) {
    this.#ways[way] = input({ type: "radio", name: "inputs", value: way, checked });
    return element("label", { class: "check" }, this.#ways[way], element("span", {}, this.#text(`inputs.${way}`)));
  }

  /** @param {HTMLElement} field */
  #dropZone(field) {
    const zone = element("div", { class: "drop" }, field, this.#fileName);
    this.#file.addEventListener("change", () => void this.#read(this.#file.files?.[0]));
    zone.addEventListener("dragover", (event) => {
      event.preventDefault();
      zone.classList.add("over");
    });
    zone.addEventListener("dragleave", () => zone.classList.remove("over"));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      zone.classList.remove("over");
      void this.#read(event.dataTransfer?.files[0]);
    });
    return zone;
  }

  /** @param {File | undefined} file */
  async #read(file) {
    if (file === undefined) return;
    setText(this.#fileName, file.name);
    try {
      if (file.size > MAX_FILE) throw new InputError("large", { size: MAX_FILE >> 20 });
      this.#ofFile = fileInputs(file.name, await file.text());
    } catch (ex) {
      this.#ofFile = ex instanceof InputError ? ex : new InputError("unreadable");
    }
    this.render();
  }

  /** @returns {Way} */
  get way() {
    return /** @type {Way} */ (Object.keys(this.#ways).find((way) => this.#ways[way].checked));
  }

  /** What a draft keeps: no file. */
  get draft() {
    const range = Object.fromEntries(Object.entries(this.#range).map(([name, control]) => [name, control.value]));
    return { way: this.way, ...range, name: this.#name.value, list: this.#list.value };
  }

  /** @param {Record<string, string>} draft */
  set draft({ way, name = "", list = "", ...range }) {
    if (Object.hasOwn(this.#ways, way)) this.#ways[way].checked = true;
    for (const [bound, control] of Object.entries(this.#range)) control.value = range[bound] ?? control.value;
    this.#name.value = name;
    this.#list.value = list;
    this.render();
  }

  /** Null: none. Throws InputError. @returns {Inputs | null} */
  read() {
    const name = this.#name.value.trim();
    const { first, last, step } = this.#range;
    switch (this.way) {
      case "range":
        return rangeInputs({ first: first.valueAsNumber, last: last.valueAsNumber, step: step.valueAsNumber, name });
      case "list":
        return listInputs(this.#list.value, name);
      case "file":
        if (this.#ofFile instanceof InputError) throw this.#ofFile;
        if (this.#ofFile === null) throw new InputError("no-file");
        return this.#ofFile;
      default:
        return null;
    }
  }

  render() {
    const { way } = this;
    for (const [name, panel] of Object.entries(this.#panels)) panel.hidden = name !== way;
    this.#panels.named.hidden = way !== "range" && way !== "list";
    this.showError("");
    try {
      this.#show(this.read());
    } catch (ex) {
      if (!(ex instanceof InputError)) throw ex;
      this.#show(null);
      setText(this.#status, this.#reason(ex));
    }
    this.#onchange();
  }

  /** @param {Inputs | null} inputs */
  #show(inputs) {
    const count = inputs?.count ?? 0;
    const shown = Array.from({ length: Math.min(count, SHOWN) }, (_, index) => inputs?.at(index) ?? "");
    this.#preview.replaceChildren(...shown.map((text) => element("li", {}, element("code", {}, text.slice(0, MAX_SHOWN)))));
    setText(this.#status, inputs ? this.#text("inputs.count", { count }) : this.#text("inputs.later"));
  }

  /** @param {InputError} ex */
  #reason = (ex) => this.#text(`inputs.error.${ex.reason}`, ex.values);

  /** @param {string | InputError} error empty: none */
  showError(error) {
    const text = error instanceof InputError ? this.#reason(error) : error;
    this.#error.hidden = text === "";
    setText(this.#error, text);
  }

  focus() {
    this.#ways[this.way].focus();
  }
}
