// The pool's newest flows on the front page, each with a link to its page. Hidden while there are none.

import { byId, element, setText } from "../dom.js";

/** @typedef {import("../../js/index.js").Client} Client */
/** @typedef {import("../../js/index.js").Document} Document */
/** @typedef {import("../languages.js").Language} Language */

const MAX_FLOWS = 5;
const REFRESH_INTERVAL = 30_000;

export class FlowList {
  #client;
  #language;
  /** By address. @type {Map<string, FlowRow>} */
  #rows = new Map();

  /** @param {Client} client @param {Language} language */
  constructor(client, language) {
    this.#client = client;
    this.#language = language;
    setInterval(() => document.hidden || this.load(), REFRESH_INTERVAL);
  }

  /** On an error the list stays as it is. */
  async load() {
    const flows = await this.#newest().catch(() => null);
    if (flows) this.#render(flows);
  }

  async #newest() {
    const root = await this.#client.root();
    if (!root.has("flows")) return [];
    return (await this.#client.follow(root, "flows")).items().slice(0, MAX_FLOWS);
  }

  /** Rows already in place are not moved, since one may have the focus. @param {Document[]} flows */
  #render(flows) {
    const rows = flows.map((flow) => this.#row(flow));
    for (const row of this.#rows.values()) if (!rows.includes(row)) row.element.remove();
    this.#rows = new Map(rows.map((row) => [row.address, row]));
    const list = byId("flow-list");
    rows.forEach(({ element: item }, index) => {
      if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
    });
    byId("flows").hidden = rows.length === 0;
  }

  /** @param {Document} flow */
  #row(flow) {
    const row = this.#rows.get(flow.link("self")) ?? new FlowRow(flow, this.#language);
    row.render(flow.content.state);
    return row;
  }
}

class FlowRow {
  #language;
  #state = element("span", { class: "badge" });

  /** @param {Document} flow as the index lists it @param {Language} language */
  constructor(flow, language) {
    this.#language = language;
    this.address = flow.link("self");
    this.element = element("li", { class: "flow-row" }, this.#link(flow), this.#created(flow), this.#state);
  }

  /** @param {string} state */
  render(state) {
    setText(this.#state, this.#language.text(`flows.${state}`));
  }

  /** Plain text for an address outside this pool. @param {Document} flow */
  #link({ content: { name, id } }) {
    const text = String(name ?? id);
    const isOwn = new URL(this.address).origin === location.origin;
    return isOwn ? element("a", { href: this.address, dir: "auto" }, text) : element("bdi", {}, text);
  }

  /** @param {Document} flow */
  #created({ content: { created } }) {
    const format = new Intl.DateTimeFormat(this.#language.locale, { dateStyle: "medium", timeStyle: "short" });
    return element("time", { class: "help", datetime: created }, format.format(new Date(created)));
  }
}
