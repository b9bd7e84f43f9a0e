// Units that need their owner: failed ones can be given to volunteers again, all at once too; these and stuck ones can be
// withdrawn.

import { element, setText } from "../../dom.js";
import { expand } from "../../../js/lib/template.js";
import { linkTo } from "../../links.js";

/** @typedef {import("../../languages.js").Language} Language */
/** @typedef {import("./actions.js").Act} Act */
/** @typedef {import("./requests.js").OwnerRequests} OwnerRequests */

const MAX_SHOWN = 20;
/** Requests at once. */
const PARALLEL = 4;

export class UnitList {
  #kind;
  #language;
  #act;
  #requests;
  #heading = element("h3");
  #list = element("ul", { class: "rows" });
  #more = element("p", { class: "help" });
  #all = element("button", { class: "button", type: "button" });
  /** Released or withdrawn, and perhaps still in the last list that was loaded. @type {Set<string>} */
  #gone = new Set();
  /** @type {string[]} */
  #units = [];
  #template = "";
  #base = "";

  /**
   * @param {"failed" | "stuck"} kind @param {Language} language @param {Act} act @param {() => OwnerRequests} requests
   */
  constructor(kind, language, act, requests) {
    this.#kind = kind;
    this.#language = language;
    this.#act = act;
    this.#requests = requests;
    setText(this.#all, this.#text("release.all"));
    this.#all.addEventListener("click", () => void this.#releaseAll());
    const help = element("p", { class: "help" }, this.#text(`${kind}-units.help`));
    const all = element("div", {}, this.#all);
    this.element = element("div", { class: "fields", hidden: true }, this.#heading, help, this.#list, this.#more, all);
  }

  /** @param {string} key @param {Record<string, string | number>} [values] */
  #text = (key, values) => this.#language.text(`owning.${key}`, values);

  /** @param {string[]} units ids @param {string} template of a variable's address @param {string} base */
  render(units, template, base) {
    [this.#template, this.#base] = [template, base];
    const known = new Set(units);
    // One that fails once more after it was gone is there again.
    for (const id of this.#gone) if (!known.has(id)) this.#gone.delete(id);
    this.#units = units.filter((id) => !this.#gone.has(id));
    this.#draw();
  }

  #draw() {
    this.element.hidden = this.#units.length === 0;
    setText(this.#heading, this.#text(`${this.#kind}-units`, { count: this.#units.length }));
    const shown = this.#units.slice(0, MAX_SHOWN);
    const rest = this.#units.length - shown.length;
    setText(this.#more, rest ? this.#text("units.more", { count: rest }) : "");
    this.#all.hidden = this.#kind !== "failed" || this.#units.length < 2;
    const drawn = [...this.#list.children].map((item) => item.getAttribute("data-id")).join();
    if (drawn !== shown.join()) this.#list.replaceChildren(...shown.map((id) => this.#item(id)));
  }

  /** @param {string} id */
  #address = (id) => new URL(expand(this.#template, { variable: id }), this.#base).href;

  /** @param {string} id */
  #item(id) {
    const withdraw = this.#button("withdraw", id, (requests) => requests.withdraw(this.#address(id)));
    const release = this.#button("release", id, (requests) => requests.release(this.#address(id)));
    const name = linkTo(this.#address(id), element("code", {}, id));
    const buttons = element("span", { class: "row" }, ...(this.#kind === "failed" ? [release] : []), withdraw);
    return element("li", { "data-id": id }, name, buttons);
  }

  /** @param {string} key @param {string} id @param {(requests: OwnerRequests) => Promise<unknown>} act */
  #button(key, id, act) {
    const button = element("button", { class: "button small", type: "button" }, this.#text(key));
    button.append(element("span", { class: "visually-hidden" }, ` ${id}`));
    button.addEventListener("click", async () => {
      if (await this.#act(this.#text(`${key}.done`, { unit: id }), () => act(this.#requests()))) this.#remove(id);
    });
    return button;
  }

  /** @param {string} id */
  #remove(id) {
    this.#gone.add(id);
    this.#units = this.#units.filter((other) => other !== id);
    this.#draw();
  }

  async #releaseAll() {
    const waiting = [...this.#units];
    const count = waiting.length;
    const work = async () => {
      for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
        await this.#requests().release(this.#address(id));
        this.#remove(id);
      }
    };
    await this.#act(this.#text("release.all.done", { count }), () => Promise.all(Array.from({ length: PARALLEL }, work)));
  }
}
