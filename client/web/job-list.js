// The pool's jobs, shown a page at a time: those with work to do, and the finished ones with what they have found. Their
// counts come with the status of the pool; those of other jobs are loaded while their card is on the screen, since that
// takes a request for each.

import { byId, setText } from "./dom.js";
import { FoundConsent } from "./found-consent.js";
import { JobCard, ownerOf } from "./job-card.js";

/** @typedef {import("../js/index.js").Client} Client */
/** @typedef {import("../js/index.js").Document} Document */
/** @typedef {import("./pool-now.js").JobStatus} JobStatus */

const PAGE_SIZE = 20;
/** How many jobs are loaded, shown or not, for the list of owners. */
const MAX_LOADED = 1000;
/** Cards this near to the screen count as visible, so that they are ready when scrolled to. */
const VISIBLE_MARGIN = "200px";
const REFRESH_INTERVAL = 30_000;

export class JobList {
  #parts;
  #client;
  #language;
  #pins;
  #onload;
  /** Null at the end of the pool's list. @type {AsyncIterator<Document> | null} */
  #iterator = null;
  /** @type {Document[]} */
  #jobs = [];
  /** @type {Map<Element, JobCard>} */
  #cards = new Map();
  /** @type {Set<JobCard>} */
  #visible = new Set();
  /** By id. @type {Map<string, JobStatus>} */
  #status = new Map();
  #consent;
  #observer = new IntersectionObserver((entries) => this.#updateVisible(entries), { rootMargin: VISIBLE_MARGIN });

  /**
   * @param {import("./render/result-view.js").Parts} parts
   * @param {import("./code-pin.js").PinStore} pins
   * @param {(jobs: Document[]) => void} onload called with all jobs loaded so far
   */
  constructor(parts, pins, onload) {
    this.#parts = parts;
    this.#client = parts.client;
    this.#language = parts.language;
    this.#pins = pins;
    this.#onload = onload;
    this.#consent = new FoundConsent(parts.consent);
    byId("jobs-more").addEventListener("click", () => this.#showMore());
    byId("jobs-retry").addEventListener("click", () => this.load());
    setInterval(() => this.#refresh(), REFRESH_INTERVAL);
  }

  async load() {
    this.#iterator = this.#client.jobs()[Symbol.asyncIterator]();
    this.#jobs = [];
    this.#setState("loading");
    try {
      await this.#loadUpTo(PAGE_SIZE);
      this.#appendPage();
      await this.#loadUpTo(MAX_LOADED);
      this.#renderMoreButton();
    } catch {
      this.#setState("failed");
    }
  }

  /** Counts of the most active jobs. @param {JobStatus[]} jobs */
  setStatus(jobs) {
    this.#status = new Map(jobs.map((job) => [job.id, job]));
    for (const card of this.#cards.values()) this.#applyStatus(card);
    this.#arrange();
  }

  /** So many results of this browser were accepted. @param {string} id @param {number} count */
  addOwn(id, count) {
    this.#cardOf(id)?.addOwn(count);
    this.#arrange();
  }

  /** The jobs that this browser computes now. @param {Set<string>} ids */
  setActive(ids) {
    for (const card of this.#cards.values()) card.setActive(ids.has(card.id));
  }

  /** The name of a job in the visitor's language. @param {string} id @param {string} name */
  titleOf(id, name) {
    return this.#cardOf(id)?.name ?? name;
  }

  /** @param {string} id */
  #cardOf(id) {
    return [...this.#cards.values()].find((card) => card.id === id);
  }

  /** @param {JobCard} card */
  #applyStatus(card) {
    const status = this.#status.get(card.id);
    if (status) card.setProgress(status);
    // Only the job's own progress says why.
    if (status?.state === "paused" && !card.isPaused) void card.refresh();
  }

  /** Finished jobs move to their own list, unless one has the focus. */
  #arrange() {
    for (const [element, card] of this.#cards) {
      const list = byId(card.isComplete ? "found-list" : "job-list");
      if (element.parentElement === list || element.contains(document.activeElement)) continue;
      list.append(element);
      if (card.isComplete) card.showResult(this.#parts);
    }
    const [open, found] = ["job-list", "found-list"].map((id) => byId(id).childElementCount);
    byId("found").hidden = found === 0;
    this.#consent.render([...this.#cards.values()].some((card) => card.isComplete && card.hasRender));
    setText(byId("jobs-count"), open ? this.#language.number(open) : "");
    setText(byId("found-count"), found ? this.#language.number(found) : "");
  }

  /** @param {number} count of jobs in all */
  async #loadUpTo(count) {
    while (this.#iterator && this.#jobs.length < count) {
      const { done, value } = await this.#iterator.next();
      if (done) this.#iterator = null;
      // What nobody has looked at yet is not shown to volunteers.
      else if (value.content.state !== "review") this.#jobs.push(value);
    }
    this.#onload(this.#jobs);
  }

  /** @returns {Element | undefined} the first new card */
  #appendPage() {
    const shown = this.#cards.size;
    const page = this.#jobs.slice(shown, shown + PAGE_SIZE).sort(openFirst);
    const cards = page.map((job) => this.#createCard(job));
    byId("job-list").append(...cards);
    this.#setState(this.#cards.size ? "" : "none");
    this.#renderMoreButton();
    this.#arrange();
    return cards[0];
  }

  /** @param {Document} job */
  #createCard(job) {
    const card = new JobCard(job, this.#client, this.#language, this.#pins);
    this.#cards.set(card.element, card);
    this.#applyStatus(card);
    this.#observer.observe(card.element);
    return card.element;
  }

  /** Moves the focus to the first new card, since the button that had it may be hidden now. */
  async #showMore() {
    await this.#loadUpTo(this.#cards.size + PAGE_SIZE).catch(() => this.#setState("failed"));
    const heading = /** @type {HTMLElement | null} */ (this.#appendPage()?.querySelector("h3"));
    heading?.focus();
  }

  #renderMoreButton() {
    const rest = this.#jobs.length - this.#cards.size;
    const count = this.#iterator ? PAGE_SIZE : Math.min(rest, PAGE_SIZE);
    byId("jobs-more").hidden = count === 0;
    byId("jobs-more").textContent = this.#language.text("jobs.more", { count });
  }

  /** @param {"" | "loading" | "none" | "failed"} state */
  #setState(state) {
    byId("jobs-state").textContent = state && this.#language.text(`jobs.${state}`);
    byId("jobs-state").hidden = state === "";
    byId("jobs-retry").hidden = state !== "failed";
    if (state === "failed") byId("jobs").open = true;
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #updateVisible(entries) {
    for (const { target, isIntersecting } of entries) {
      const card = /** @type {JobCard} */ (this.#cards.get(target));
      if (isIntersecting && !this.#visible.has(card) && !this.#status.has(card.id)) void card.refresh();
      if (isIntersecting) this.#visible.add(card);
      else this.#visible.delete(card);
    }
  }

  /** One request after the other, to spare the pool. */
  async #refresh() {
    if (document.hidden) return;
    for (const card of this.#visible) if (!this.#status.has(card.id)) await card.refresh();
    this.#arrange();
  }
}

/** @param {Document} one @param {Document} other */
const openFirst = (one, other) => Number(other.content.state === "open") - Number(one.content.state === "open");

/** @param {Document[]} jobs @returns {Set<string>} */
export const ownersOf = (jobs) => new Set(jobs.map((job) => ownerOf(job) ?? []).flat());
