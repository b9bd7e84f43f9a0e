// Jobs of strangers that wait for the operator: each with its page, where the code is, and a button that agrees to it.

import { byId, element } from "../dom.js";
import { linkTo } from "../links.js";
import { short } from "./figures.js";

/** @typedef {import("../languages.js").Language} Language */
/** @typedef {{address: string, name: string, created: string}} Waiting */

export class Review {
  #language;
  #onapprove;
  /** What the pool counted a moment ago still has them. @type {Set<string>} */
  #approved = new Set();

  /** @param {Language} language @param {(address: string) => Promise<boolean>} onapprove whether that succeeded */
  constructor(language, onapprove) {
    this.#language = language;
    this.#onapprove = onapprove;
  }

  /** @param {import("../../js/lib/document.js").Document} operator */
  render(operator) {
    const jobs = operator.content.jobs.review.map((/** @type {any} */ job) => {
      return { ...job, address: operator.link("job", { job: job.id }) };
    });
    const waiting = jobs.filter((/** @type {Waiting} */ { address, created }) => !this.#approved.has(`${address} ${created}`));
    byId("review").hidden = waiting.length === 0;
    if (byId("review-list").contains(document.activeElement)) return;
    byId("review-list").replaceChildren(...waiting.map((/** @type {Waiting} */ job) => this.#item(job)));
  }

  /** @param {Waiting} job */
  #item({ address, name: given, created }) {
    const name = short(given);
    const approve = element("button", { class: "button small", type: "button" }, this.#language.text("operator.approve"));
    approve.append(element("span", { class: "visually-hidden" }, ` ${name}`));
    const since = element("p", { class: "help" }, this.#language.dateTime(new Date(created)));
    const item = element("li", {}, element("div", { dir: "auto" }, linkTo(address, name), since), approve);
    approve.addEventListener("click", async () => {
      approve.setAttribute("disabled", "");
      if (await this.#onapprove(address)) this.#remove(item, `${address} ${created}`);
      else approve.removeAttribute("disabled");
    });
    return item;
  }

  /** @param {HTMLElement} item @param {string} approved */
  #remove(item, approved) {
    this.#approved.add(approved);
    item.remove();
    byId("review").hidden = byId("review-list").children.length === 0;
  }
}
