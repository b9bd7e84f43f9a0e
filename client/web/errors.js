// The errors of this visit, newest first. The list is bounded; a repeated error is counted, not listed again.

import { element, setText } from "./dom.js";
import { isolate } from "./languages.js";

const MAX_ITEMS = 20;

export class ErrorList {
  #list;
  #language;
  /** By text and message, oldest first. @type {Map<string, ErrorItem>} */
  #items = new Map();

  /**
   * @param {HTMLElement} list
   * @param {import("./languages.js").Language} language
   */
  constructor(list, language) {
    this.#list = list;
    this.#language = language;
  }

  /** @param {{kind: string, jobName?: string, message?: string}} error */
  add({ kind, jobName, message = "" }) {
    const text = this.#textOf(kind, jobName);
    const key = JSON.stringify([text, message]);
    const item = this.#items.get(key) ?? new ErrorItem(text, message);
    item.addOccurrence(this.#language);
    this.#items.delete(key);
    this.#items.set(key, item);
    this.#list.prepend(item.element);
    if (this.#items.size > MAX_ITEMS) this.#removeOldest();
  }

  clear() {
    this.#items.clear();
    this.#list.replaceChildren();
  }

  /** @param {string} kind @param {string} [jobName] */
  #textOf(kind, jobName) {
    const job = jobName ? isolate(jobName) : this.#language.text("error.unnamed");
    return this.#language.text(`error.${kind}`, { job }) || this.#language.text("error.other", { job });
  }

  #removeOldest() {
    const [[key, item]] = this.#items;
    this.#items.delete(key);
    item.element.remove();
  }
}

class ErrorItem {
  #count = 0;
  #time = element("time");
  #repeats = element("span", { class: "repeats" });

  /** @param {string} text @param {string} message of the pool or the job */
  constructor(text, message) {
    const description = element("p", { class: "what" }, text, " ", this.#repeats);
    const details = message ? [element("p", { class: "message", dir: "auto" }, message)] : [];
    this.element = element("li", {}, this.#time, description, ...details);
  }

  /** @param {import("./languages.js").Language} language */
  addOccurrence(language) {
    this.#count += 1;
    setText(this.#time, language.time(new Date()));
    if (this.#count > 1) setText(this.#repeats, language.text("error.times", { count: this.#count }));
  }
}
