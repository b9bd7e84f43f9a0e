// The pool's newest flows, each with the way to its page; where there are none, nothing of them is said.

import { element, find, say } from "./dom.js";

/** @typedef {import("../js/index.js").Client} Client */
/** @typedef {import("../js/index.js").Document} Document */
/** @typedef {import("./languages.js").Language} Language */

const SHOWN = 5;
const LATER = 30_000;

export class FlowList {
  #client;
  #language;
  /** By address. @type {Map<string, FlowRow>} */
  #rows = new Map();

  /** @param {Client} client @param {Language} language */
  constructor(client, language) {
    this.#client = client;
    this.#language = language;
    setInterval(() => document.hidden || this.load(), LATER);
  }

  /** What can't be read leaves what is shown. */
  async load() {
    const found = await this.#newest().catch(() => null);
    if (found) this.#draw(found);
  }

  async #newest() {
    const root = await this.#client.root();
    if (!root.has("flows")) return [];
    return (await this.#client.follow(root, "flows")).items().slice(0, SHOWN);
  }

  /** Those that are shown already stay where they are: one may have the focus. @param {Document[]} flows */
  #draw(flows) {
    const rows = flows.map((flow) => this.#row(flow));
    for (const row of this.#rows.values()) if (!rows.includes(row)) row.element.remove();
    this.#rows = new Map(rows.map((row) => [row.address, row]));
    const list = find("flow-list");
    rows.forEach(({ element: item }, place) => {
      if (list.children[place] !== item) list.insertBefore(item, list.children[place] ?? null);
    });
    find("flows").hidden = rows.length === 0;
  }

  /** @param {Document} flow */
  #row(flow) {
    const row = this.#rows.get(flow.link("self")) ?? new FlowRow(flow, this.#language);
    row.draw(flow.content.state);
    return row;
  }
}

class FlowRow {
  #language;
  #state = element("span", { class: "badge" });

  /** @param {Document} flow as the index has it @param {Language} language */
  constructor(flow, language) {
    this.#language = language;
    this.address = flow.link("self");
    this.element = element("li", { class: "flow-row" }, this.#link(flow), this.#created(flow), this.#state);
  }

  /** @param {string} state */
  draw(state) {
    say(this.#state, this.#language.text(`flows.${state}`));
  }

  /** One that leads elsewhere is no more than its words. @param {Document} flow */
  #link({ content: { name, id } }) {
    const words = String(name ?? id);
    const isOwn = new URL(this.address).origin === location.origin;
    return isOwn ? element("a", { href: this.address, dir: "auto" }, words) : element("bdi", {}, words);
  }

  /** @param {Document} flow */
  #created({ content: { created } }) {
    const format = new Intl.DateTimeFormat(this.#language.locale, { dateStyle: "medium", timeStyle: "short" });
    return element("time", { class: "help", datetime: created }, format.format(new Date(created)));
  }
}
