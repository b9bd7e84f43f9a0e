// A group of errors as a card: the message, how often and since when, what to change, and the last error as an example.

import { element, setText } from "../dom.js";
import { setLink } from "../links.js";
import { LastError } from "./last-error.js";
import { TryAgain } from "./try-again.js";

/**
 * @typedef {object} Group errors of one message; what varies within it is of the last one
 * @property {Record<string, string>} _links
 * @property {string} id stays while the message varies
 * @property {string} function
 * @property {string} kind
 * @property {string} message
 * @property {number} count
 * @property {string} first
 * @property {string} last
 * @property {string} variable
 * @property {string} engine
 * @property {string} stack
 * @property {string} console
 */

/** The pool cuts messages itself, to less. */
const MAX_HEADING = 1_000;

export class GroupCard {
  #language;
  #heading = element("h3", { class: "message", dir: "auto" });
  #count = element("span", { class: "badge" });
  #help = element("p", { class: "help" });
  #first = element("time");
  #last = element("time");
  #variable = element("a");
  #engine = element("dd", { dir: "auto" });
  #example;
  #again;

  /**
   * @param {Group} group
   * @param {import("../languages.js").Language} language
   * @param {import("./owner-access.js").OwnerAccess} access
   */
  constructor(group, language, access) {
    this.#language = language;
    this.#example = new LastError(group.kind, language, access.loadError);
    this.#again = new TryAgain(language, access.release);
    const head = element("div", { class: "group-head" }, this.#heading, this.#count);
    const parts = [this.#facts(group), this.#again.element, this.#example.element];
    this.element = element("li", { class: "group" }, head, this.#help, ...parts);
  }

  /** @param {Group} group */
  render(group) {
    setText(this.#heading, group.message.slice(0, MAX_HEADING));
    setText(this.#count, this.#language.text("job-errors.count", { count: group.count }));
    setText(this.#help, this.#language.text(`job-errors.kind.${group.kind}`));
    this.#renderTime(this.#first, group.first);
    this.#renderTime(this.#last, group.last);
    if (!this.#example.isOpen) this.#renderExample(group);
  }

  /** While it is open, the example is not replaced by a later error: somebody may be reading it. @param {Group} group */
  #renderExample(group) {
    setLink(this.#variable, group._links.get_variable, group.variable);
    setText(this.#engine, group.engine || "–");
    this.#again.render(group._links.get_variable);
    this.#example.render(group);
  }

  /** @param {HTMLElement} target @param {string} moment */
  #renderTime(target, moment) {
    target.setAttribute("datetime", moment);
    setText(target, this.#language.dateTime(new Date(moment)));
  }

  /** @param {Group} group */
  #facts(group) {
    const rows = {
      function: element("dd", {}, element("code", {}, group.function)),
      kind: element("dd", {}, element("code", {}, group.kind)),
      engine: this.#engine,
      first: element("dd", {}, this.#first),
      last: element("dd", {}, this.#last),
      variable: element("dd", {}, this.#variable),
    };
    const pairs = Object.entries(rows).map(([name, value]) => {
      return element("div", {}, element("dt", {}, this.#language.text(`job-errors.fact.${name}`)), value);
    });
    return element("dl", { class: "facts" }, ...pairs);
  }
}
