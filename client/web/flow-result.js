// What has come of a flow: the merged results of its root, as JSON.

import { find, say } from "./dom.js";

/** @typedef {import("./flow-watch.js").Flow} Flow */

/** More than this no one reads; the file has all of it. */
const SHOWN = 100_000;

export class FlowResult {
  #language;
  /** It is offered as a file once. */
  #isSaved = false;

  /** @param {import("./languages.js").Language} language */
  constructor(language) {
    this.#language = language;
  }

  /** @param {Flow} flow */
  draw(flow) {
    const text = flow.state === "done" ? JSON.stringify(flow.result, null, 2) : "";
    const isCut = text.length > SHOWN;
    find("result").dataset.state = flow.state;
    say(find("result-state"), this.#language.text(isCut ? "flow.result.cut" : `flow.result.${flow.state}`));
    find("result-state").hidden = text !== "" && !isCut;
    find("result-text").hidden = find("result-save").hidden = text === "";
    say(find("result-text"), text.slice(0, SHOWN));
    if (text) this.#offer(flow.id, text);
  }

  /** @param {string} id @param {string} text */
  #offer(id, text) {
    if (this.#isSaved) return;
    this.#isSaved = true;
    find("result-save").href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    find("result-save").download = `${id}.json`;
  }
}
