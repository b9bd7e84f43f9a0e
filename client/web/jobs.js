// What the pool computes: its jobs, some at a time, and how far they are.

import { find } from "./dom.js";
import { JobCard, ownerOf } from "./job-card.js";

/** @typedef {import("../js/index.js").Client} Client */
/** @typedef {import("../js/index.js").Document} Document */

const AT_A_TIME = 20;
/** So many are looked through for their owners. */
const LOOKED_THROUGH = 1000;
const NEARBY = "200px";
const SOON = 2_000;
const LATER = 30_000;

export class Jobs {
  #client;
  #language;
  #onfound;
  /** @type {AsyncIterator<Document> | null} */
  #source = null;
  /** Those found so far. @type {Document[]} */
  #jobs = [];
  /** @type {Map<Element, JobCard>} */
  #cards = new Map();
  /** The cards that are on the screen, or nearly. @type {Set<JobCard>} */
  #seen = new Set();
  /** Ids of jobs that have got on. @type {Set<string>} */
  #changed = new Set();
  #observer = new IntersectionObserver((entries) => this.#observe(entries), { rootMargin: NEARBY });

  /**
   * @param {Client} client
   * @param {import("./languages.js").Language} language
   * @param {(jobs: Document[]) => void} onfound called with what was found so far
   */
  constructor(client, language, onfound) {
    this.#client = client;
    this.#language = language;
    this.#onfound = onfound;
    find("jobs-more").addEventListener("click", () => this.#more());
    find("jobs-retry").addEventListener("click", () => this.load());
    setInterval(() => this.#refresh((card) => this.#changed.delete(card.id)), SOON);
    setInterval(() => this.#refresh(() => true), LATER);
  }

  async load() {
    this.#source = this.#client.jobs()[Symbol.asyncIterator]();
    this.#jobs = [];
    this.#say("loading");
    try {
      await this.#find(AT_A_TIME);
      this.#show();
      await this.#find(LOOKED_THROUGH);
      this.#drawMore();
    } catch {
      this.#say("failed");
    }
  }

  /** @param {string} id of a job of which a unit was done */
  changed(id) {
    this.#changed.add(id);
  }

  /** @param {number} count so many in all, if there are */
  async #find(count) {
    while (this.#source && this.#jobs.length < count) {
      const { done, value } = await this.#source.next();
      if (done) this.#source = null;
      else this.#jobs.push(value);
    }
    this.#onfound(this.#jobs);
  }

  /** Shows some more. @returns {Element | undefined} the first of them */
  #show() {
    const shown = this.#cards.size;
    const cards = this.#jobs.slice(shown, shown + AT_A_TIME).map((job) => this.#card(job));
    find("job-list").append(...cards);
    this.#say(this.#cards.size ? "" : "none");
    this.#drawMore();
    return cards[0];
  }

  /** @param {Document} job */
  #card(job) {
    const card = new JobCard(job, this.#client, this.#language);
    this.#cards.set(card.element, card);
    this.#observer.observe(card.element);
    return card.element;
  }

  async #more() {
    await this.#find(this.#cards.size + AT_A_TIME).catch(() => this.#say("failed"));
    const heading = /** @type {HTMLElement | null} */ (this.#show()?.querySelector("h3"));
    heading?.focus(); // The button may be gone, and what is new begins here.
  }

  #drawMore() {
    const rest = this.#jobs.length - this.#cards.size;
    const count = this.#source ? AT_A_TIME : Math.min(rest, AT_A_TIME);
    find("jobs-more").hidden = count === 0;
    find("jobs-more").textContent = this.#language.text("jobs.more", { count });
  }

  /** @param {"" | "loading" | "none" | "failed"} state */
  #say(state) {
    find("jobs-state").textContent = state && this.#language.text(`jobs.${state}`);
    find("jobs-state").hidden = state === "";
    find("jobs-retry").hidden = state !== "failed";
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #observe(entries) {
    for (const { target, isIntersecting } of entries) {
      const card = /** @type {JobCard} */ (this.#cards.get(target));
      if (!isIntersecting) this.#seen.delete(card);
      else if (!this.#seen.has(card)) void card.refresh();
      if (isIntersecting) this.#seen.add(card);
    }
  }

  /** @param {(card: JobCard) => boolean} isDue */
  async #refresh(isDue) {
    if (document.hidden) return;
    for (const card of this.#seen) if (isDue(card)) await card.refresh();
  }
}

/** Those that are named. @param {Document[]} jobs @returns {Set<string>} */
export const ownersOf = (jobs) => new Set(jobs.map((job) => ownerOf(job) ?? []).flat());
