// One job as the visitor sees it: whose it is, what it does, how far it is, and the code that would run.

import { element, say } from "./dom.js";
import { isolated } from "./languages.js";

/** @typedef {import("../js/index.js").Client} Client */
/** @typedef {import("../js/index.js").Document} Document */

const NEEDS = ["webgpu", "wasm", "wasm_simd", "memory_mb"];

export class JobCard {
  #job;
  #client;
  #language;
  #bar = /** @type {HTMLProgressElement} */ (element("progress", { max: 1, value: 0 }));
  #count = element("span", { class: "count" });
  #state = element("span", { class: "badge", hidden: true });
  #code = element("code");

  /**
   * @param {Document} job as the index has it
   * @param {Client} client
   * @param {import("./languages.js").Language} language
   */
  constructor(job, client, language) {
    this.#job = job;
    this.#client = client;
    this.#language = language;
    this.#bar.setAttribute("aria-label", language.text("job.progress.label", { job: this.name }));
    this.element = element("li", { class: "card" }, ...this.#parts());
    this.#drawState(job.content.state);
  }

  /** @returns {string} */
  get id() {
    return this.#job.content.id;
  }

  get name() {
    return String(this.#job.content.name);
  }

  /** Asks the pool how far the job is; a refusal leaves what is shown. */
  async refresh() {
    const progress = await this.#client.progress(this.#job).catch(() => null);
    if (progress) this.#drawProgress(progress);
  }

  #parts() {
    const heading = element("h3", { dir: "auto", tabindex: -1 }, this.name);
    return [
      element("div", { class: "card-head" }, heading, this.#state),
      this.#owner(),
      this.#text("short", this.#described("short_description") ?? this.#described("description")),
      ...this.#needs(),
      element("div", { class: "progress" }, this.#bar, this.#count),
      this.#details(),
    ];
  }

  #owner() {
    const owner = ownerOf(this.#job);
    const said = owner === null ? "job.nobody" : "job.owner";
    return element("p", { class: "owner" }, this.#language.text(said, { owner: isolated(owner ?? "") }));
  }

  /** @param {"description" | "short_description"} field */
  #described(field) {
    return this.#language.best(this.#job.content.metadata?.[field]);
  }

  /** @param {string} kind @param {{text: string, lang: string} | null} found */
  #text(kind, found) {
    const { text, lang } = found ?? { text: this.#language.text("job.undescribed"), lang: this.#language.tag };
    return element("p", { class: kind, lang, dir: "auto" }, text);
  }

  #needs() {
    const given = this.#job.content.requirements ?? {};
    const needs = NEEDS.filter((name) => given[name]).map((name) => this.#need(name, given[name]));
    if (needs.length === 0) return [];
    return [element("p", { class: "needs" }, this.#language.text("job.needs", { needs: this.#language.list(needs) }))];
  }

  /** @param {string} name @param {unknown} value */
  #need(name, value) {
    return this.#language.text(`job.needs.${name}`, { count: Number(value) });
  }

  #details() {
    const named = element("span", { class: "unseen" }, `: ${this.name}`);
    const summary = element("summary", {}, this.#language.text("job.details"), named);
    const label = this.#language.text("job.code.label", { job: this.name });
    const code = element("pre", { tabindex: 0, role: "region", "aria-label": label }, this.#code);
    const said = element("p", { class: "help" }, this.#language.text("job.code"));
    const details = element("details", {}, summary, this.#text("full", this.#described("description")), said, code);
    details.addEventListener("toggle", () => details.hasAttribute("open") && this.#showCode());
    return details;
  }

  /** The very code that volunteers run, fetched when somebody wants to read it. */
  async #showCode() {
    say(this.#code, this.#language.text("job.code.loading"));
    const job = await this.#client.reload(this.#job).catch(() => null);
    say(this.#code, job ? String(job.content.execute_function) : this.#language.text("job.code.failed"));
  }

  /** @param {any} progress */
  #drawProgress({ state, complete, variables: { done, total } }) {
    this.#bar.max = Math.max(total, 1);
    this.#bar.value = done;
    say(this.#count, this.#language.text(total ? "job.progress" : "job.progress.none", { done, total }));
    this.#drawState(complete ? "complete" : state);
  }

  /** @param {string} state */
  #drawState(state) {
    const isWorthSaying = state === "paused" || state === "complete";
    this.#state.hidden = !isWorthSaying;
    if (isWorthSaying) say(this.#state, this.#language.text(`job.${state}`));
  }
}

/** @param {Document} job @returns {string | null} */
export const ownerOf = (job) => job.content.metadata?.owner ?? null;
