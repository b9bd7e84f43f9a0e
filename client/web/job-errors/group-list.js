// The groups of errors, the most frequent first.

import { byId, setText } from "../dom.js";
import { GroupCard } from "./group-card.js";

/** @typedef {import("./group-card.js").Group} Group */

export class GroupList {
  #language;
  #access;
  /** By the id of the group. @type {Map<string, GroupCard>} */
  #cards = new Map();

  /** @param {import("../languages.js").Language} language @param {import("./owner-access.js").OwnerAccess} access */
  constructor(language, access) {
    this.#language = language;
    this.#access = access;
  }

  /** @param {Group[]} groups */
  render(groups) {
    const cards = groups.map((group) => this.#card(group));
    for (const card of this.#cards.values()) if (!cards.includes(card)) card.element.remove();
    this.#cards = new Map(groups.map(({ id }, index) => [id, cards[index]]));
    this.#arrange(cards.map((card) => card.element));
    setText(byId("groups-help"), this.#language.text(groups.length ? "job-errors.help" : "job-errors.none"));
  }

  clear() {
    this.render([]);
  }

  /** @param {Group} group */
  #card(group) {
    const card = this.#cards.get(group.id) ?? new GroupCard(group, this.#language, this.#access);
    card.render(group);
    return card;
  }

  /** Elements already in place are not moved; one that is moved keeps the focus. @param {HTMLElement[]} elements */
  #arrange(elements) {
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    const list = byId("groups");
    elements.forEach((element, index) => {
      if (list.children[index] !== element) list.insertBefore(element, list.children[index] ?? null);
    });
    if (focused !== document.activeElement) focused?.focus({ preventScroll: true });
  }
}
