// A job as a card: owner, description, requirements, progress, and the code that would run.

import { digestOf } from "../js/lib/pins.js";
import { CodePin } from "./code-pin.js";
import { element, setText } from "./dom.js";
import { isolate } from "./languages.js";
import { titleOf } from "./job-title.js";
import { linkTo } from "./links.js";
import { ResultView } from "./render/result-view.js";

/** @typedef {import("../js/index.js").Client} Client */
/** @typedef {import("../js/index.js").Document} Document */

/** @typedef {{total: number, done: number}} Counted variables */

/** Milliseconds after a unit of this browser for which the pool's counts may lack it. */
const OWN_LEAD = 8000;
const REQUIREMENTS = ["webgpu", "wasm", "wasm_simd", "browser_syntax", "memory_mb"];

/** The function, below its digest, which volunteers can pin. @param {any} content of a job */
const codeOf = ({ execute_function: source }) => `// ${digestOf(source)}\n${source}`;

export class JobCard {
  #job;
  #client;
  #language;
  #bar = /** @type {HTMLProgressElement} */ (element("progress", { max: 1, value: 0 }));
  #count = element("span", { class: "count" });
  #state = element("span", { class: "badge", hidden: true });
  #pause = element("p", { class: "notice", dir: "auto", hidden: true });
  #code = element("code");
  #pin;
  /** @type {Counted} */
  #counted = { total: 0, done: 0 };
  #lastOwn = -Infinity;
  #hasResult = false;
  isComplete = false;

  /**
   * @param {Document} job as the index lists it, without code
   * @param {Client} client
   * @param {import("./languages.js").Language} language
   * @param {import("./code-pin.js").PinStore} pins
   */
  constructor(job, client, language, pins) {
    this.#job = job;
    this.#client = client;
    this.#language = language;
    this.#pin = new CodePin(language, pins);
    this.#bar.setAttribute("aria-label", language.text("job.progress.label", { job: this.name }));
    this.element = element("li", { class: "card" }, ...this.#parts());
    this.#renderState(job.content.state);
    this.#renderPause(job.content.paused);
  }

  /** @returns {string} */
  get id() {
    return this.#job.content.id;
  }

  get name() {
    return titleOf(this.#job.content, this.#language);
  }

  /** Whether code of the job shows its results. */
  get hasRender() {
    return this.#job.content.has_render !== false;
  }

  get isPaused() {
    return !this.#pause.hidden || this.#job.content.state === "paused";
  }

  /** Loads the progress; on an error the card stays as it is. */
  async refresh() {
    const progress = await this.#client.progress(this.#job).catch(() => null);
    if (progress) this.setProgress(progress);
  }

  /** What the job has found, in the card. @param {import("./render/result-view.js").Parts} parts */
  showResult(parts) {
    if (this.#hasResult) return;
    this.#hasResult = true;
    const target = element("div", { class: "result-view" });
    this.#bar.parentElement?.before(target);
    new ResultView(target, this.#job, parts, { isBrief: true, isListed: true });
  }

  /** Results of this browser were accepted. @param {number} count */
  addOwn(count) {
    const { total, done } = this.#counted;
    this.#lastOwn = performance.now();
    this.#renderCounts({ total, done: Math.min(total, done + count) });
    this.#renderComplete(done + count >= total && total > 0);
  }

  /** @param {boolean} isActive whether this browser computes it */
  setActive(isActive) {
    this.element.classList.toggle("active", isActive);
  }

  #parts() {
    const heading = element("h3", { dir: "auto", tabindex: -1 }, linkTo(this.#job.link("self"), this.name));
    return [
      element("div", { class: "card-head" }, heading, this.#state),
      this.#owner(),
      this.#description("short", this.#metadata("short_description") ?? this.#metadata("description")),
      ...this.#requirements(),
      this.#pause,
      element("div", { class: "progress" }, this.#bar, this.#count),
      this.#details(),
    ];
  }

  #owner() {
    const owner = ownerOf(this.#job);
    const key = owner === null ? "job.unnamed" : "job.owner";
    return element("p", { class: "owner" }, this.#language.text(key, { owner: isolate(owner ?? "") }));
  }

  /** @param {"description" | "short_description"} field */
  #metadata(field) {
    return this.#language.bestOf(this.#job.content.metadata?.[field]);
  }

  /** @param {string} className @param {{text: string, lang: string} | null} found */
  #description(className, found) {
    const { text, lang } = found ?? { text: this.#language.text("job.no-description"), lang: this.#language.tag };
    return element("p", { class: className, lang, dir: "auto" }, text);
  }

  #requirements() {
    const values = this.#job.content.requirements ?? {};
    const needs = REQUIREMENTS.filter((name) => values[name]).map((name) => this.#requirement(name, values[name]));
    if (needs.length === 0) return [];
    return [element("p", { class: "needs" }, this.#language.text("job.needs", { needs: this.#language.list(needs) }))];
  }

  /** @param {string} name @param {unknown} value */
  #requirement(name, value) {
    return this.#language.text(`job.needs.${name}`, { count: Number(value) });
  }

  #details() {
    const jobName = element("span", { class: "visually-hidden" }, `: ${this.name}`);
    const summary = element("summary", {}, this.#language.text("job.details"), jobName);
    const label = this.#language.text("job.code.label", { job: this.name });
    const code = element("pre", { tabindex: 0, role: "region", "aria-label": label }, this.#code);
    const help = element("p", { class: "help" }, this.#language.text("job.code"));
    const description = this.#description("full", this.#metadata("description"));
    const details = element("details", {}, summary, description, help, code, this.#pin.element, ...this.#errorsLink());
    details.addEventListener("toggle", () => details.hasAttribute("open") && this.#showCode());
    return details;
  }

  /** Older pools have none. */
  #errorsLink() {
    if (!this.#job.has("errors")) return [];
    return [element("p", { class: "errors-link" }, linkTo(this.#job.link("errors"), this.#language.text("job-errors.link")))];
  }

  /** Loads the code whenever the details are opened: the index lists jobs without it. */
  async #showCode() {
    setText(this.#code, this.#language.text("job.code.loading"));
    const job = await this.#client.reload(this.#job).catch(() => null);
    setText(this.#code, job ? codeOf(job.content) : this.#language.text("job.code.failed"));
    if (job) this.#pin.render(job);
  }

  /** Counts of the pool. @param {any} progress */
  setProgress({ state, paused, complete, variables: { done, total } }) {
    const isBehind = performance.now() < this.#lastOwn + OWN_LEAD && done < this.#counted.done;
    this.#renderCounts({ total, done: isBehind ? Math.min(this.#counted.done, total) : done });
    this.#renderState(state);
    this.#renderComplete(complete || (isBehind && this.isComplete));
    // The status of the pool has no reasons.
    if (paused || state === "open") this.#renderPause(paused);
  }

  /** @param {Counted} counted */
  #renderCounts(counted) {
    const { total, done } = counted;
    this.#counted = counted;
    this.#bar.max = Math.max(total, 1);
    this.#bar.value = done;
    setText(this.#count, this.#language.text(total ? "job.progress" : "job.progress.none", counted));
  }

  /** @param {boolean} isComplete */
  #renderComplete(isComplete) {
    this.isComplete = isComplete;
    if (isComplete) this.#renderState("complete");
  }

  /** Only a pause by the pool has a reason. @param {{reason: string} | undefined} paused */
  #renderPause(paused) {
    this.#pause.hidden = !paused;
    if (paused) setText(this.#pause, this.#language.text("job-errors.paused", { reason: isolate(paused.reason) }));
  }

  /** An open job has no badge. @param {string} state */
  #renderState(state) {
    const hasBadge = state === "paused" || state === "complete";
    this.#state.hidden = !hasBadge;
    if (hasBadge) setText(this.#state, this.#language.text(`job.${state}`));
  }
}

/** @param {Document} job @returns {string | null} */
export const ownerOf = (job) => job.content.metadata?.owner ?? null;
