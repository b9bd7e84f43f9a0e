// A flow's result as JSON: the merged results of its last stage.

import { byId, setText } from "../dom.js";

/** @typedef {import("./poller.js").Flow} Flow */

/** Longer texts would slow the page down; the file is complete. */
const MAX_SHOWN = 100_000;

export class FlowResult {
  #language;
  #hasFile = false;

  /** @param {import("../languages.js").Language} language */
  constructor(language) {
    this.#language = language;
  }

  /** @param {Flow} flow */
  render(flow) {
    const text = flow.state === "done" ? JSON.stringify(flow.result, null, 2) : "";
    const isCut = text.length > MAX_SHOWN;
    byId("result").dataset.state = flow.state;
    setText(byId("result-state"), this.#language.text(isCut ? "flow.result.cut" : `flow.result.${flow.state}`));
    byId("result-state").hidden = text !== "" && !isCut;
    byId("result-text").hidden = byId("result-save").hidden = text === "";
    setText(byId("result-text"), text.slice(0, MAX_SHOWN));
    if (text) this.#createFile(flow.id, text);
  }

  /** @param {string} id @param {string} text */
  #createFile(id, text) {
    if (this.#hasFile) return;
    this.#hasFile = true;
    byId("result-save").href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    byId("result-save").download = `${id}.json`;
  }
}
