// The result that grows before the visitor's eyes: the one that the visitor has chosen; else one that its owner wants
// shown first, else that of the job that this browser computes.

import { byId, element, setText } from "./dom.js";
import { ownerOf } from "./job-card.js";
import { titleOf } from "./job-title.js";
import { isolate } from "./languages.js";
import { ResultView } from "./render/result-view.js";

/** @typedef {import("../js/index.js").Document} Document */

/** Milliseconds for which a job is shown before the next one that this browser computes. */
const MIN_SHOWN = 20_000;
/** Jobs that can be chosen. */
const MAX_CHOICES = 50;

export class ResultPanel {
  #parts;
  #language;
  /** By id: those whose results can be drawn. @type {Map<string, Document>} */
  #jobs = new Map();
  /** Results of each job, by id, as the pool has counted them. @type {Map<string, number>} */
  #done = new Map();
  /** Of these jobs, those that have results. @type {Set<string>} */
  #choices = new Set();
  /** @type {{id: string, view: ResultView, since: number} | null} */
  #shown = null;
  #isChosen = false;

  /** @param {import("./render/result-view.js").Parts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#language = parts.language;
    byId("result-job").append(element("option", { value: "" }, this.#language.text("result.other")));
    byId("result-job").addEventListener("change", () => this.#choose(byId("result-job").value));
  }

  /** @param {Document[]} jobs */
  setJobs(jobs) {
    for (const job of jobs) if (job.content.has_render) this.#jobs.set(job.content.id, job);
    this.#update();
  }

  /** Where the number of results has changed, there are new ones. @param {import("./pool-now.js").JobStatus[]} jobs */
  setStatus(jobs) {
    const before = this.#shown && this.#done.get(this.#shown.id);
    for (const { id, variables } of jobs) this.#done.set(id, variables.done);
    this.#update();
    if (this.#shown && this.#done.get(this.#shown.id) !== before) this.#shown.view.refresh();
  }

  /** The browser has computed units of a job. @param {string} id */
  follow(id) {
    if (this.#jobs.has(id)) this.#addChoice(id);
    if (this.#choices.has(id) && id !== this.#shown?.id && this.#mayFollow(id)) this.#show(id);
    if (id === this.#shown?.id) this.#shown.view.refresh();
  }

  /** @param {string} id */
  #mayFollow(id) {
    if (this.#shown === null) return true;
    if (this.#isChosen || this.#isFeatured(this.#shown.id)) return false;
    return this.#isFeatured(id) || performance.now() > this.#shown.since + MIN_SHOWN;
  }

  /** @param {string} id */
  #isFeatured(id) {
    return this.#jobs.get(id)?.content.metadata?.featured === true;
  }

  #update() {
    for (const id of this.#jobs.keys()) if (this.#done.get(id)) this.#addChoice(id);
    const choices = [...this.#choices];
    const first = choices.find((id) => this.#isFeatured(id)) ?? choices[0];
    if (this.#shown === null && first !== undefined) this.#show(first);
  }

  /** @param {string} id */
  #addChoice(id) {
    if (this.#choices.has(id) || this.#choices.size >= MAX_CHOICES) return;
    this.#choices.add(id);
    const { content } = /** @type {Document} */ (this.#jobs.get(id));
    byId("result-job").append(element("option", { value: id }, titleOf(content, this.#language)));
    byId("result-job").hidden = this.#choices.size < 2;
  }

  /** @param {string} id */
  #choose(id) {
    this.#isChosen = true;
    byId("result-job").value = ""; // The heading says which one is shown.
    if (id !== this.#shown?.id) this.#show(id);
  }

  /** @param {string} id */
  #show(id) {
    const job = /** @type {Document} */ (this.#jobs.get(id));
    this.#shown?.view.stop();
    byId("result").hidden = false;
    setText(byId("result-heading"), titleOf(job.content, this.#language));
    this.#describe(job);
    const target = element("div", { class: "result-view" });
    byId("result-view").replaceChildren(target);
    this.#shown = { id, view: new ResultView(target, job, this.#parts), since: performance.now() };
  }

  /** @param {Document} job */
  #describe(job) {
    const { short_description: short, description } = job.content.metadata ?? {};
    const found = this.#language.bestOf(short ?? description);
    const owner = isolate(ownerOf(job) ?? this.#language.text("subtitle.unnamed"));
    byId("result-about").lang = found?.lang ?? this.#language.tag;
    setText(byId("result-about"), found?.text ?? this.#language.text("job.owner", { owner }));
  }
}
