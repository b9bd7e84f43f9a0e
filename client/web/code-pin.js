// "Only this code": the visitor pins the function of a job, and is asked when another takes its place.

import { digestOf, formerOf, pinOf } from "../js/lib/pins.js";
import { idOf } from "../js/lib/task.js";
import { element, setText } from "./dom.js";

/** @typedef {import("../js/index.js").Document} Document */
/** @typedef {import("../js/lib/pins.js").Pins} Pins */
/** @typedef {{readonly pins: Pins, changePins: (pins: Pins) => void}} PinStore where the visitor's pins are stored */

export class CodePin {
  #language;
  #store;
  /** The job with its code, once it is loaded. @type {Document | undefined} */
  #job;
  #checkbox = /** @type {HTMLInputElement} */ (element("input", { type: "checkbox" }));
  #conflict = element("p", { class: "notice" });
  #agree = element("button", { type: "button", class: "button" });
  #choice;

  /** @param {import("./languages.js").Language} language @param {PinStore} store */
  constructor(language, store) {
    this.#language = language;
    this.#store = store;
    this.#choice = element("label", { class: "check" }, this.#checkbox, language.text("pin.label"));
    setText(this.#agree, language.text("pin.agree"));
    this.element = element("div", { class: "pin", hidden: true }, this.#choice, this.#conflict, this.#agree);
    this.#checkbox.addEventListener("change", () => this.#change(this.#checkbox.checked));
    this.#agree.addEventListener("click", () => this.#change(true));
  }

  /** @param {Document} job with its code */
  render(job) {
    this.#job = job;
    const pin = pinOf(job, this.#store.pins);
    const isOther = pin !== undefined && pin !== digestOf(job.content.execute_function);
    this.#checkbox.checked = pin !== undefined;
    this.#choice.hidden = isOther;
    this.#conflict.hidden = this.#agree.hidden = !isOther;
    setText(this.#conflict, isOther ? this.#language.text("pin.changed", { pin }) : "");
    this.element.hidden = false;
  }

  /** @param {boolean} isPinned */
  #change(isPinned) {
    if (!this.#job) return;
    const { [idOf(this.#job)]: _own, [formerOf(this.#job)]: _former, ...others } = this.#store.pins;
    const added = isPinned ? { [idOf(this.#job)]: digestOf(this.#job.content.execute_function) } : {};
    this.#store.changePins({ ...others, ...added });
    // The button that had the focus is hidden now.
    if (!this.#agree.hidden) this.#checkbox.focus();
    this.render(this.#job);
  }
}
