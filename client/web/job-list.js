// The pool's jobs, shown a page at a time. Only cards on the screen are kept up to date, since progress takes a request
// for each job.

import { byId } from "./dom.js";
import { JobCard, ownerOf } from "./job-card.js";

/** @typedef {import("../js/index.js").Client} Client */
/** @typedef {import("../js/index.js").Document} Document */

const PAGE_SIZE = 20;
/** How many jobs are loaded, shown or not, for the list of owners. */
const MAX_LOADED = 1000;
/** Cards this near to the screen count as visible, so that they are ready when scrolled to. */
const VISIBLE_MARGIN = "200px";
/** Jobs of which this browser has computed a unit are refreshed more often. */
const CHANGED_INTERVAL = 2_000;
const REFRESH_INTERVAL = 30_000;

export class JobList {
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
  /** Ids of jobs with new results. @type {Set<string>} */
  #changed = new Set();
  #observer = new IntersectionObserver((entries) => this.#updateVisible(entries), { rootMargin: VISIBLE_MARGIN });

  /**
   * @param {Client} client
   * @param {import("./languages.js").Language} language
   * @param {import("./code-pin.js").PinStore} pins
   * @param {(jobs: Document[]) => void} onload called with all jobs loaded so far
   */
  constructor(client, language, pins, onload) {
    this.#client = client;
    this.#language = language;
    this.#pins = pins;
    this.#onload = onload;
    byId("jobs-more").addEventListener("click", () => this.#showMore());
    byId("jobs-retry").addEventListener("click", () => this.load());
    setInterval(() => this.#refresh((card) => this.#changed.delete(card.id)), CHANGED_INTERVAL);
    setInterval(() => this.#refresh(() => true), REFRESH_INTERVAL);
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

  /** @param {string} id of a job of which a unit was done */
  markChanged(id) {
    this.#changed.add(id);
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
    const cards = this.#jobs.slice(shown, shown + PAGE_SIZE).map((job) => this.#createCard(job));
    byId("job-list").append(...cards);
    this.#setState(this.#cards.size ? "" : "none");
    this.#renderMoreButton();
    return cards[0];
  }

  /** @param {Document} job */
  #createCard(job) {
    const card = new JobCard(job, this.#client, this.#language, this.#pins);
    this.#cards.set(card.element, card);
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
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #updateVisible(entries) {
    for (const { target, isIntersecting } of entries) {
      const card = /** @type {JobCard} */ (this.#cards.get(target));
      if (!isIntersecting) this.#visible.delete(card);
      else if (!this.#visible.has(card)) void card.refresh();
      if (isIntersecting) this.#visible.add(card);
    }
  }

  /** One request after the other, to spare the pool. @param {(card: JobCard) => boolean} isDue */
  async #refresh(isDue) {
    if (document.hidden) return;
    for (const card of this.#visible) if (isDue(card)) await card.refresh();
  }
}

/** @param {Document[]} jobs @returns {Set<string>} */
export const ownersOf = (jobs) => new Set(jobs.map((job) => ownerOf(job) ?? []).flat());
