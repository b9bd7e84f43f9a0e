// The form for the owner's key, and the button that forgets it.

import { byId } from "./dom.js";

export class KeyForm {
  #form = byId("key-form");
  #input = byId("key");
  #forget = byId("forget");

  #heading;

  /**
   * @param {(text: string) => void} onsubmit
   * @param {() => void} onforget
   * @param {HTMLElement} [heading] gets the focus when the form disappears
   */
  constructor(onsubmit, onforget, heading = byId("name")) {
    this.#heading = heading;
    this.#form.addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      onsubmit(this.#input.value.trim());
    });
    this.#forget.addEventListener("click", onforget);
  }

  show() {
    this.#form.hidden = false;
    this.#forget.hidden = true;
  }

  /** Asks again. The status, which describes the field, says why. @param {boolean} isRefused */
  ask(isRefused) {
    this.show();
    this.#input.setAttribute("aria-invalid", String(isRefused));
    this.#input.focus();
  }

  /** Also empties the field, and moves the focus to the heading if it was in the form. */
  hide() {
    const hadFocus = this.#form.contains(document.activeElement);
    this.#input.value = "";
    this.#form.hidden = true;
    this.#forget.hidden = false;
    if (hadFocus) this.#heading.focus({ preventScroll: true });
  }
}
