// The client of a pool: it knows the root's address and the names of links, and builds no address itself.
import { absolute, Document } from "./document.js";
import { PoolError } from "./errors.js";
import { checkedId } from "./identity.js";
import { Lease, Nothing } from "./leases.js";
import { Transport } from "./transport.js";

/** @typedef {import("./answer.js").Answer} Answer */
/** @typedef {import("./leases.js").Leases} Leases */
/** @typedef {import("./template.js").Values} Values */
/** @typedef {import("./transport.js").Patience} Patience */
/** @typedef {import("./transport.js").Sending} Sending */
/** @typedef {{signal?: AbortSignal}} Call how a call is ended early */
/**
 * @typedef {object} ClientOptions
 * @property {string} [key] an owner's
 * @property {string} [volunteer] the id that a volunteer made itself
 * @property {number} [timeout] for an answer to begin, in milliseconds
 * @property {Patience} [patience]
 * @property {import("./transport.js").Fetch} [fetch]
 * @property {import("./transport.js").Sleep} [sleep]
 * @property {() => number} [now] the clock of leases, in milliseconds
 */
/**
 * @typedef {object} Choice which jobs a scheduler may choose from
 * @property {readonly string[]} [owners] none: all
 * @property {string} [scheduler] none: the pool's default
 * @property {readonly string[]} [can] what the volunteer can and may run, such as `wasm`
 * @property {number} [memoryMb] and how much memory it offers
 */

const NDJSON = "application/x-ndjson";
const BATCH_LENGTH = 4 << 20;

/**
 * Speaks with one pool, for an owner (`key`), a volunteer (an id) or nobody in particular. All methods reject with
 * PoolError where the pool refuses, Unreachable where it can't be reached, MissingLink where a document doesn't lead
 * on, Astray where it leads elsewhere, and a signal's reason when that is given.
 */
export class Client {
  #root;
  #transport;
  #now;

  /** @param {string | URL} rootUrl @param {ClientOptions} [options] */
  constructor(rootUrl, { key, volunteer, timeout = 30_000, patience, fetch, sleep, now } = {}) {
    this.#root = absolute(rootUrl);
    this.#now = now;
    const credentials = {
      ...(key !== undefined && { Authorization: `Bearer ${key}` }),
      ...(volunteer !== undefined && { Volunteer: checkedId(volunteer) }),
    };
    this.#transport = new Transport(this.#root, credentials, { timeout, patience, fetch, sleep });
  }

  /** The root, from which everything else is reached. @param {Call} [call] */
  root(call) {
    return this.#get(this.#root, call);
  }

  /**
   * The absolute address of a link of a document.
   * @param {Document} document @param {string} name @param {Values} [values]
   */
  link(document, name, values) {
    return document.link(name, values);
  }

  /**
   * The document that a link leads to.
   * @param {Document} document @param {string} name @param {Call & {values?: Values}} [call]
   */
  follow(document, name, { values, ...call } = {}) {
    return this.#get(() => document.link(name, values), call);
  }

  /** The document read again, in full. @param {Document} document @param {Call} [call] */
  reload(document, call) {
    return this.follow(document, "self", call);
  }

  /** All jobs, page by page, without their code. @param {Call} [call] */
  async *jobs(call) {
    yield* this.#items((await this.root(call)).link("jobs"), call);
  }

  /** The job of an id; rejects with PoolError 404 without it. @param {string} id @param {Call} [call] */
  async job(id, call) {
    const root = await this.root(call);
    if (root.has("job")) return this.follow(root, "job", { ...call, values: { job: id } });
    for await (const job of this.jobs(call)) if (job.content.id === id) return this.reload(job, call);
    throw new PoolError(404, "no such job", `the pool has no job "${id}"`);
  }

  /**
   * A job by the default or the named scheduler.
   * @param {Choice} [choice] @param {Call} [call]
   * @returns {Promise<Document | Nothing>}
   */
  async scheduledJob(choice = {}, call) {
    const answer = await this.#transport.send("GET", scheduledLink(await this.root(call), choice), call);
    return answer.status === 204 ? new Nothing(answer.retryAfter) : documentOf(answer);
  }

  /**
   * Lends the next variable of a job, or several where the pool does that.
   * @param {Document} job @param {{count?: number}} [options] @param {Call} [call]
   * @returns {Promise<Leases>}
   */
  async lease(job, { count = 1 } = {}, call) {
    const address = job.link("get_variables", { count: count > 1 ? count : undefined });
    const answer = await this.#transport.send("GET", address, call);
    if (answer.status === 204) return { items: [], retryAfter: answer.retryAfter };
    const document = documentOf(answer);
    const documents = document.embedded("items") ? document.items() : [document];
    return { items: documents.map((one) => new Lease(one, this.#now)), retryAfter: null };
  }

  /**
   * Posts the result of a variable. May be repeated with the same lease: the pool stores it once.
   * @param {Document} variable
   * @param {string} text the result, JSON text already
   * @param {Call & {seconds?: number, keepalive?: boolean}} [options] `seconds`: how long its function ran
   * @returns {Promise<Document>} what was stored
   */
  async postResult(variable, text, { seconds, ...call } = {}) {
    const headers = seconds === undefined ? undefined : { "Run-Seconds": seconds.toFixed(6) };
    return created(await this.#transport.send("POST", variable.link("post_result"), { body: text, headers, ...call }));
  }

  /**
   * Ends a lease at once, so that the variable goes to somebody else.
   * @param {Document} lease @param {Call & {keepalive?: boolean}} [call]
   */
  async giveBack(lease, call) {
    await this.#transport.send("DELETE", lease.link("lease"), call);
  }

  /**
   * The lease, extended from now on; rejects with PoolError 409 where it has been lost.
   * @param {Document} lease @param {Call} [call]
   */
  async extend(lease, call) {
    return new Lease(documentOf(await this.#transport.send("POST", lease.link("lease"), call)), this.#now);
  }

  /** Posts a job, the only one of its name. @param {object} job @param {Call} [call] */
  async postJob(job, call) {
    const root = await this.root(call);
    return this.#store("POST", root.link(root.has("post_job") ? "post_job" : "jobs"), job, call);
  }

  /**
   * Adds one variable to a job, under an id that the pool chooses.
   * @param {Document} job @param {object} variable @param {Call} [call]
   */
  async postVariable(job, variable, call) {
    return this.#store("POST", job.link("post_variable"), variable, call);
  }

  /**
   * Adds any number of variables to a job. They go in requests of about 4 MiB, each of which the pool stores whole or
   * not at all: after an error those of the requests before it are stored.
   * @param {Document} job @param {Iterable<object> | AsyncIterable<object>} variables @param {Call} [call]
   * @returns {Promise<string[]>} their ids, in order
   */
  async postVariables(job, variables, call) {
    const address = job.link("post_variable");
    const headers = { "Content-Type": NDJSON };
    /** @type {string[]} */
    const ids = [];
    for await (const body of batches(variables)) {
      ids.push(...(await this.#transport.send("POST", address, { body, headers, ...call })).json().ids);
    }
    return ids;
  }

  /**
   * Stores a variable under a chosen id; the same again changes nothing, another is a PoolError (409).
   * @param {Document} job @param {string} id @param {object} variable @param {Call} [call]
   */
  async putVariable(job, id, variable, call) {
    return this.#store("PUT", job.link("put_variable", { variable: id }), variable, call);
  }

  /** The variables of a job with their states, without leasing any. @param {Document} job @param {Call} [call] */
  async *variables(job, call) {
    yield* this.#items(job.link("variables"), call);
  }

  /** The accepted results of a job, page by page. @param {Document} job @param {Call} [call] */
  async *results(job, call) {
    yield* this.#items(job.link("results"), call);
  }

  /** The counts, rates and estimates of a job. @param {Document} job @param {Call} [call] */
  async progress(job, call) {
    return (await this.follow(job, "progress", call)).data;
  }

  /** @param {string | (() => string)} address @param {Call} [call] */
  async #get(address, call) {
    return documentOf(await this.#transport.send("GET", typeof address === "string" ? address : address(), call));
  }

  /** @param {string} method @param {string} address @param {object} document @param {Call} [call] */
  async #store(method, address, document, call) {
    return created(await this.#transport.send(method, address, { body: encoded(document), ...call }));
  }

  /** @param {string} first @param {Call} [call] */
  async *#items(first, call) {
    for (let address = first; ; ) {
      const page = await this.#get(address, call);
      yield* page.items();
      if (!page.has("next")) return;
      address = page.link("next");
    }
  }
}

/** @param {Document} root @param {Choice} choice */
function scheduledLink(root, { owners = [], scheduler, can = [], memoryMb }) {
  if (root.has("scheduled")) return root.link("scheduled", { owner: owners, scheduler, can, memory_mb: memoryMb });
  // A pool may say no more than where its default scheduler is.
  const links = { scheduled: root.content.job_scheduler_url };
  return new Document(root.address, { _links: links }).link("scheduled");
}

/** @param {Answer} answer */
function documentOf(answer) {
  const content = answer.json();
  if (content === null || typeof content !== "object" || Array.isArray(content)) {
    throw new PoolError(answer.status, "the answer is no JSON object", answer.address);
  }
  return new Document(answer.address, content, answer.headers);
}

/** What was stored; where the pool sends no body, a document that has its link `self` alone. @param {Answer} answer */
function created(answer) {
  const document = answer.hasBody ? documentOf(answer) : new Document(answer.address, {}, answer.headers);
  if (!document.has("self")) {
    document.content._links = { ...document.links, self: answer.headers.get("Location") ?? answer.address };
  }
  return document;
}

/** @param {object} document */
function encoded(document) {
  const text = JSON.stringify(document);
  if (text === undefined) throw new TypeError("there is no JSON for this");
  return text;
}

/** @param {Iterable<object> | AsyncIterable<object>} variables */
async function* batches(variables) {
  let batch = "";
  for await (const variable of variables) {
    const line = `${encoded(variable)}\n`;
    if (batch && batch.length + line.length > BATCH_LENGTH) {
      yield batch;
      batch = "";
    }
    batch += line;
  }
  if (batch) yield batch;
}
