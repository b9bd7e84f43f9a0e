// The latest results of a job with their inputs, fetched as they come: at first the last ones, then those behind the
// cursor, by one request each time. Bounded, whatever the job has and however fast it grows: all results of a small job;
// of a large one, where more come than a request brings, some are passed over, and the oldest are dropped.

/** @typedef {import("../../js/index.js").Client} Client */
/** @typedef {import("../../js/index.js").Document} Document */
/** @typedef {{variable: string, input: unknown, result: unknown}} Result */

const MAX_RESULTS = 500;
/** Of their JSON, in characters. */
const MAX_SIZE = 4 << 20;
/** Results of each request after the first, until there are so many in all. */
const PAGE = 100;
/** And then: two hundred pages may ask for them every five seconds. */
const SAMPLE = 20;
/** Of the first results, where they are large: a page of them is short. */
const MAX_PAGES = 20;

export class ResultsFeed {
  #client;
  #job;
  /** @type {string | null} */
  #cursor = null;
  /** By variable, the oldest first. @type {Map<string, {result: Result, size: number}>} */
  #results = new Map();
  #size = 0;
  #isBehind = false;
  #fetched = 0;
  /** Whether the job has more results than these. */
  isSample = false;

  /** @param {Client} client @param {Document} job */
  constructor(client, job) {
    this.#client = client;
    this.#job = job;
  }

  /** The oldest first. @returns {Result[]} */
  get results() {
    return [...this.#results.values()].map(({ result }) => result);
  }

  /** Fetches what has come. @returns {Promise<boolean>} whether something has */
  async update() {
    const before = this.#cursor;
    if (before === null) await this.#start();
    else await this.#follow(before);
    return this.#cursor !== before;
  }

  async #start() {
    let page = await this.#get({ last: MAX_RESULTS });
    this.#add(page);
    for (let count = 1; count < MAX_PAGES && page.has("next"); count += 1) {
      page = await this.#client.follow(page, "next");
      this.#add(page);
    }
    this.isSample ||= page.has("next") || this.#results.size >= MAX_RESULTS;
  }

  /** @param {string} cursor */
  async #follow(cursor) {
    const isLarge = this.#fetched >= MAX_RESULTS;
    const limit = isLarge ? SAMPLE : PAGE;
    const page = await this.#get(this.#isBehind ? { last: limit } : { cursor, limit });
    this.#add(page);
    this.#isBehind = isLarge && page.has("next");
    this.isSample ||= this.#isBehind;
  }

  /** @param {import("../../js/lib/template.js").Values} range */
  #get(range) {
    return this.#client.follow(this.#job, "latest_results", { values: { ...range, inputs: "true" } });
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
    this.#fetched += page.items().length;
    this.#cursor = page.content.cursor ?? this.#cursor;
    for (const [variable] of this.#results) {
      if (this.#results.size <= MAX_RESULTS && this.#size <= MAX_SIZE) break;
      this.#drop(variable);
      this.isSample = true;
    }
  }

  /** @param {string} variable */
  #drop(variable) {
    this.#size -= this.#results.get(variable)?.size ?? 0;
    this.#results.delete(variable);
  }
}
