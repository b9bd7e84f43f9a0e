// The latest results of a job with their inputs, fetched as they come: at first the last ones, then those behind the
// cursor. Bounded, whatever the job has: beyond the limits the oldest are dropped.

/** @typedef {import("../../js/index.js").Client} Client */
/** @typedef {import("../../js/index.js").Document} Document */
/** @typedef {{variable: string, input: unknown, result: unknown}} Result */

export const MAX_RESULTS = 1000;
/** Of their JSON, in characters. */
const MAX_SIZE = 4 << 20;
/** Of one page after the first; where more have come meanwhile, it begins anew with the last ones. */
const PAGE = 100;
/** Pages of large results are short. */
const MAX_PAGES = 20;

export class ResultsFeed {
  #client;
  #job;
  /** @type {string | null} */
  #cursor = null;
  /** By variable, the oldest first. @type {Map<string, {result: Result, size: number}>} */
  #results = new Map();
  #size = 0;

  /** @param {Client} client @param {Document} job */
  constructor(client, job) {
    this.#client = client;
    this.#job = job;
  }

  /** @returns {Result[]} */
  get results() {
    return [...this.#results.values()].map(({ result }) => result);
  }

  /** Whether the job may have more results than these. */
  get isFull() {
    return this.#results.size >= MAX_RESULTS;
  }

  /** Fetches what has come. @returns {Promise<boolean>} whether something has */
  async update() {
    const before = this.#cursor;
    if (before === null || !(await this.#follow({ cursor: before, limit: PAGE }, 1))) await this.#restart();
    return this.#cursor !== before;
  }

  async #restart() {
    this.#results.clear();
    this.#size = 0;
    await this.#follow({ last: MAX_RESULTS }, MAX_PAGES);
  }

  /**
   * @param {import("../../js/lib/template.js").Values} range @param {number} pages at most
   * @returns {Promise<boolean>} whether nothing is left
   */
  async #follow(range, pages) {
    let page = await this.#client.follow(this.#job, "latest_results", { values: { ...range, inputs: "true" } });
    this.#add(page);
    for (let count = 1; count < pages && page.has("next"); count += 1) {
      page = await this.#client.follow(page, "next");
      this.#add(page);
    }
    return !page.has("next");
  }

  /** @param {Document} page */
  #add(page) {
    for (const { content } of page.items()) {
      const { variable, input, result } = content;
      const size = JSON.stringify([input, result]).length;
      this.#drop(variable);
      this.#results.set(variable, { result: { variable, input, result }, size });
      this.#size += size;
    }
    this.#cursor = page.content.cursor ?? this.#cursor;
    for (const [variable] of this.#results) {
      if (this.#results.size <= MAX_RESULTS && this.#size <= MAX_SIZE) break;
      this.#drop(variable);
    }
  }

  /** @param {string} variable */
  #drop(variable) {
    this.#size -= this.#results.get(variable)?.size ?? 0;
    this.#results.delete(variable);
  }
}
