// The job itself: name, state and why it is paused, counts, and stuck variables.

import { expand } from "../../js/lib/template.js";
import { byId, element, setText } from "../dom.js";
import { linkTo } from "../links.js";

/** @typedef {import("./page.js").JobErrors} JobErrors */

const MAX_STUCK_SHOWN = 100;
const COUNTS = /** @type {const} */ (["accepted", "rejected", "failures"]);

export class Summary {
  #language;
  /** The ids that are listed: one of their links may have the focus. */
  #listed = "";

  /** @param {import("../languages.js").Language} language */
  constructor(language) {
    this.#language = language;
  }

  /** @param {JobErrors} errors */
  render(errors) {
    setText(byId("state"), this.#language.text(`job-errors.state.${errors.state}`));
    for (const name of COUNTS) setText(byId(name), this.#language.number(errors[name]));
    this.#renderPause(errors);
    this.#renderStuck(errors);
  }

  /** @param {JobErrors} errors */
  #renderPause({ paused }) {
    byId("pause").hidden = !paused;
    if (!paused) return;
    setText(byId("pause-reason"), paused.reason);
    const time = this.#language.dateTime(new Date(paused.at));
    setText(byId("pause-time"), this.#language.text("job-errors.pause.since", { time }));
  }

  /** @param {JobErrors} errors */
  #renderStuck({ stuck, _links: { variable } }) {
    setText(byId("stuck"), this.#language.number(stuck.length));
    byId("stuck-variables").hidden = stuck.length === 0;
    if (this.#listed === stuck.join()) return;
    this.#listed = stuck.join();
    const shown = stuck.slice(0, MAX_STUCK_SHOWN).map((id) => linkTo(expand(variable, { variable: id }), id));
    const rest = stuck.length - shown.length;
    const more = rest ? [this.#language.text("job-errors.stuck.more", { count: rest })] : [];
    byId("stuck-list").replaceChildren(...[...shown, ...more].map((item) => element("li", {}, item)));
  }
}
