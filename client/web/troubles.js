// What went wrong, said plainly: a bounded list, the newest first.

import { element, say } from "./dom.js";
import { isolated } from "./languages.js";

const KEPT = 20;

export class Troubles {
  #list;
  #language;
  /** What was said, the oldest first. @type {Map<string, Trouble>} */
  #troubles = new Map();

  /**
   * @param {HTMLElement} list
   * @param {import("./languages.js").Language} language
   */
  constructor(list, language) {
    this.#list = list;
    this.#language = language;
  }

  /**
   * The same again is counted, and is the newest.
   * @param {{kind: string, jobName?: string, message?: string}} trouble
   */
  add({ kind, jobName, message = "" }) {
    const text = this.#inPlainWords(kind, jobName);
    const key = JSON.stringify([text, message]);
    const trouble = this.#troubles.get(key) ?? new Trouble(text, message);
    trouble.happen(this.#language);
    this.#troubles.delete(key);
    this.#troubles.set(key, trouble);
    this.#list.prepend(trouble.element);
    if (this.#troubles.size > KEPT) this.#dropOldest();
  }

  clear() {
    this.#troubles.clear();
    this.#list.replaceChildren();
  }

  /** @param {string} kind @param {string} [jobName] */
  #inPlainWords(kind, jobName) {
    const job = jobName ? isolated(jobName) : this.#language.text("trouble.aJob");
    return this.#language.text(`trouble.${kind}`, { job }) || this.#language.text("trouble.other", { job });
  }

  #dropOldest() {
    const [[key, trouble]] = this.#troubles;
    this.#troubles.delete(key);
    trouble.element.remove();
  }
}

class Trouble {
  #count = 0;
  #time = element("time");
  #times = element("span", { class: "times" });

  /** @param {string} text @param {string} message */
  constructor(text, message) {
    const what = element("p", { class: "what" }, text, " ", this.#times);
    const words = message ? [element("p", { class: "message", dir: "auto" }, message)] : [];
    this.element = element("li", {}, this.#time, what, ...words);
  }

  /** @param {import("./languages.js").Language} language */
  happen(language) {
    this.#count += 1;
    say(this.#time, language.time(new Date()));
    if (this.#count > 1) say(this.#times, language.text("trouble.times", { count: this.#count }));
  }
}
