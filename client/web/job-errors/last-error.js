// The last error of a group in full: stack, console output and a rejected result. The group itself has their beginnings,
// which are shown until the error is loaded, and where it can't be.

import { element, setText } from "../dom.js";

/** @typedef {import("./group-card.js").Group} Group */
/** Loads the document of an error. @typedef {(address: string) => Promise<any>} LoadError */
/** @typedef {{message?: string, stack?: string, console?: string, result?: string}} Texts */

/** Longer texts would slow the page down; only a result may have more. */
const MAX_SHOWN = 100_000;
const PARTS = /** @type {const} */ (["message", "stack", "console", "result"]);

export class LastError {
  #loadError;
  #name = element("span", { class: "visually-hidden" });
  #empty;
  #parts;
  /** @type {Group | null} */
  #group = null;

  /** @param {string} kind @param {import("../languages.js").Language} language @param {LoadError} loadError */
  constructor(kind, language, loadError) {
    this.#loadError = loadError;
    this.#empty = element("p", { class: "help" }, language.text("job-errors.example.empty"));
    this.#parts = PARTS.map((name) => new Part(name, language.text(`job-errors.example.${name}`)));
    const title = language.text(kind === "rejected" ? "job-errors.example.rejected" : "job-errors.example");
    const summary = element("summary", {}, title, this.#name);
    const parts = this.#parts.map((part) => part.element);
    this.element = /** @type {HTMLDetailsElement} */ (element("details", {}, summary, this.#empty, ...parts));
    this.element.addEventListener("toggle", () => this.isOpen && this.#load());
  }

  get isOpen() {
    return this.element.open;
  }

  /** @param {Group} group */
  render(group) {
    this.#group = group;
    setText(this.#name, `: ${group.message}`);
    this.#show({ stack: group.stack, console: group.console });
  }

  async #load() {
    const group = this.#group;
    if (group === null) return;
    const error = await this.#loadError(group._links.self).catch(() => null);
    if (error && group === this.#group) this.#show(textsOf(error, group));
  }

  /** @param {Texts} texts */
  #show(texts) {
    for (const part of this.#parts) part.show(texts[part.name] ?? "");
    this.#empty.hidden = PARTS.some((name) => texts[name]);
  }
}

/** A text with its heading; hidden while it is empty. */
class Part {
  #text;

  /** @param {typeof PARTS[number]} name @param {string} label */
  constructor(name, label) {
    this.name = name;
    this.#text = element("pre", { tabindex: 0, role: "group", "aria-label": label, dir: "auto" });
    this.element = element("section", { class: "part", hidden: true }, element("h4", {}, label), this.#text);
  }

  /** @param {string} text */
  show(text) {
    this.element.hidden = text === "";
    setText(this.#text, text.slice(0, MAX_SHOWN));
  }
}

/** The message only where the group has its beginning alone. @param {any} error @param {Group} group @returns {Texts} */
function textsOf({ failure, rejected, console, result }, group) {
  const message = failure?.message ?? rejected ?? "";
  return {
    message: message === group.message ? "" : message,
    stack: failure?.stack,
    console,
    result: result === undefined ? "" : JSON.stringify(result, null, 2),
  };
}
