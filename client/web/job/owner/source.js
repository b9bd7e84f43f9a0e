// All that its owner has posted of a job: each function and the settings, folded, below what everybody sees.

import { byId, element } from "../../dom.js";
import { FUNCTIONS } from "../../owning/functions.js";
import { highlighted } from "../code.js";

/** Everybody sees it. */
const SHOWN = "execute_function";
const DOCUMENTS = ["settings", "requirements", "metadata"];

export class JobSource {
  #element = byId("source");

  /** @param {Record<string, any>} job as its owner gets it */
  render(job) {
    const functions = FUNCTIONS.filter((name) => name !== SHOWN && job[name] !== undefined);
    const documents = DOCUMENTS.filter((name) => Object.keys(job[name] ?? {}).length > 0);
    this.#element.replaceChildren(
      ...functions.map((name) => folded(name, highlighted(String(job[name])))),
      ...documents.map((name) => folded(name, [JSON.stringify(job[name], null, 2)])),
    );
  }

  clear() {
    this.#element.replaceChildren();
  }
}

/** @param {string} name @param {(Node | string)[]} content */
function folded(name, content) {
  const code = element("pre", { class: "code", tabindex: 0, role: "region", "aria-label": name, dir: "ltr" },
    element("code", {}, ...content));
  return element("details", {}, element("summary", {}, element("code", {}, name)), code);
}
