// The client of a pool. It builds no addresses itself: from the root's on it follows links by name.
import { absolute, Document } from "./document.js";
import { ForeignResponse, Outdated, PoolError } from "./errors.js";
import { validatedId } from "./identity.js";
import { JSON_VARIABLES, Lease, NoWork } from "./leases.js";
import { encodedLine, readOutcomes } from "./result-batch.js";
import { follow, waitSeconds } from "./stream.js";
import { sleep as defaultSleep } from "./timers.js";
import { Transport } from "./transport.js";

/** @typedef {import("./leases.js").Leases} Leases */
/** @typedef {import("./response.js").PoolResponse} PoolResponse */
/** @typedef {import("./result-batch.js").PostableResult} PostableResult */
/** @typedef {import("./result-batch.js").PostedResult} PostedResult */
/** @typedef {import("./template.js").Values} Values */
/** @typedef {import("./transport.js").Retries} Retries */
/** @typedef {{signal?: AbortSignal}} CallOptions */
/**
 * @typedef {object} ClientOptions
 * @property {string} [key] an owner's
 * @property {string} [volunteer] an id that the volunteer has generated
 * @property {number} [timeout] until a response begins, in milliseconds
 * @property {Retries} [retries]
 * @property {import("./transport.js").Fetch} [fetch]
 * @property {import("./transport.js").Sleep} [sleep]
 * @property {() => number} [now] clock for leases, in milliseconds
 */
/**
 * @typedef {object} JobFilter restricts a scheduler's choice
 * @property {readonly string[]} [owners] empty: all
 * @property {string} [scheduler] undefined: the pool's default
 * @property {readonly string[]} [can] capabilities, such as `wasm`
 * @property {number} [memoryMb] limit for one job
 */

/** The version of the interface, as in a pool's root. */
const PROTOCOL = 1;
const REMEDY = "reload the page, or update comp-pool";
const NDJSON = "application/x-ndjson";
/** In characters, of at most 3 bytes each in UTF-8: below a pool's default limit of 16 MiB. */
const BATCH_LENGTH = 4 << 20;

/**
 * Requests to one pool, by an owner (`key`), a volunteer (an id) or anonymously. All methods reject with PoolError
 * (Outdated, Blocked and ForeignResponse are three), Unreachable, MissingLink, ForeignLink (a link to another origin), or the reason of an
 * aborted signal.
 */
export class Client {
  #root;
  #transport;
  #now;
  #sleep;
  #timeout;

  /** @param {string | URL} rootUrl @param {ClientOptions} [options] */
  constructor(rootUrl, { key, volunteer, timeout = 30_000, retries, fetch, sleep = defaultSleep, now } = {}) {
    this.#root = absolute(rootUrl);
    this.#sleep = sleep;
    this.#timeout = timeout;
    this.#now = now;
    const credentials = {
      ...(key !== undefined && { Authorization: `Bearer ${key}` }),
      ...(volunteer !== undefined && { Volunteer: validatedId(volunteer) }),
    };
    this.#transport = new Transport(this.#root, credentials, { timeout, retries, fetch, sleep });
  }

  /** The root document. Rejects with Outdated if the pool requires a newer client. @param {CallOptions} [call] */
  async root(call) {
    const root = await this.#get(this.#root, call);
    // A minimal pool has no links, only the address of its default scheduler.
    if (!root.has("jobs") && !root.content.job_scheduler_url) throw new ForeignResponse(200, "no root of a pool");
    const { protocol = PROTOCOL } = root.content;
    if (protocol > PROTOCOL) {
      throw new Outdated(`this pool speaks protocol ${protocol}, and this client ${PROTOCOL}: ${REMEDY}`);
    }
    return root;
  }

  /**
   * The absolute address of a link of a document.
   * @param {Document} document @param {string} name @param {Values} [values]
   */
  link(document, name, values) {
    return document.link(name, values);
  }

  /**
   * The target of a link.
   * @param {Document} document @param {string} name @param {CallOptions & {values?: Values}} [call]
   */
  follow(document, name, { values, ...call } = {}) {
    return this.#get(() => document.link(name, values), call);
  }

  /** The current version of a document, in full. @param {Document} document @param {CallOptions} [call] */
  reload(document, call) {
    return this.follow(document, "self", call);
  }

  /** All jobs, page by page, without code. @param {CallOptions} [call] */
  async *jobs(call) {
    yield* this.#items((await this.root(call)).link("jobs"), call);
  }

  /** A job by id; rejects with PoolError 404 if there is none. @param {string} id @param {CallOptions} [call] */
  async job(id, call) {
    const root = await this.root(call);
    if (root.has("job")) return this.follow(root, "job", { ...call, values: { job: id } });
    // A minimal pool's root has no template for jobs.
    for await (const job of this.jobs(call)) if (job.content.id === id) return this.reload(job, call);
    throw new PoolError(404, "no such job", `the pool has no job "${id}"`);
  }

  /**
   * The choice of the default or the named scheduler.
   * @param {JobFilter} [filter] @param {CallOptions} [call]
   * @returns {Promise<Document | NoWork>}
   */
  async scheduledJob(filter = {}, call) {
    const response = await this.#transport.send("GET", scheduledLink(await this.root(call), filter), call);
    return response.status === 204 ? new NoWork(response.retryAfter) : documentOf(response);
  }

  /**
   * Leases the next variable of a job, or up to `count` if the pool supports that.
   * @param {Document} job @param {{count?: number}} [options] @param {CallOptions} [call]
   * @returns {Promise<Leases>}
   */
  async lease(job, { count = 1 } = {}, call) {
    const address = job.link("get_variables", { count: count > 1 ? count : undefined });
    const response = await this.#transport.send("GET", address, call);
    if (response.status === 204) return { items: [], retryAfter: response.retryAfter };
    const document = documentOf(response);
    const documents = document.embedded("items") ? document.items() : [document];
    return { items: documents.map((one) => this.#lease(one)), retryAfter: null };
  }

  /**
   * Leases up to `count` variables of a job by one request; the pool may have a limit. Rejects with MissingLink if the
   * pool leases only single variables.
   * @param {Document} job @param {number} count @param {CallOptions} [call]
   * @returns {Promise<Leases>}
   */
  async leaseVariables(job, count, call) {
    const response = await this.#transport.send("GET", job.link("lease_variables", { count }), call);
    if (response.status === 204) return { items: [], retryAfter: response.retryAfter };
    const documents = documentOf(response).items();
    // More than were requested are not those of this request.
    if (documents.length === 0 || documents.length > count) throw new ForeignResponse(200, "no leased variables");
    return { items: documents.map((one) => this.#lease(one)), retryAfter: null };
  }

  /**
   * Posts several results of a job by one request, at most 256. One that is refused refuses no other. Idempotent, and
   * rejects with ForeignResponse, as `postResult`; with MissingLink if the pool takes only single results.
   * @param {Document} job
   * @param {readonly PostableResult[]} results
   * @param {CallOptions & {keepalive?: boolean}} [call]
   * @returns {Promise<PostedResult[]>} in order: `{location}` of the stored result, or `{error}`
   */
  async postResults(job, results, call) {
    const body = results.map(encodedLine).join("");
    const options = { body, headers: { "Content-Type": NDJSON }, ...call };
    const response = await this.#transport.send("POST", job.link("post_results"), options);
    return readOutcomes(response, results.map(({ variable }) => variable));
  }

  /**
   * Posts the result of a variable. Idempotent for one lease: the pool stores it once. Rejects with ForeignResponse if
   * it is not certain that the pool has stored it, or if the response is about another variable.
   * @param {Document} variable
   * @param {string} text the result as JSON text
   * @param {CallOptions & {seconds?: number, keepalive?: boolean}} [options] `seconds`: run time of the function
   * @returns {Promise<Document>} the stored result
   */
  async postResult(variable, text, { seconds, ...call } = {}) {
    const headers = seconds === undefined ? undefined : { "Run-Seconds": seconds.toFixed(6) };
    const options = { body: text, headers, ...call };
    const response = await this.#transport.send("POST", variable.link("post_result"), options);
    if (!response.hasStored) throw response.error;
    return checkedToBeOf(variable, created(response), "get_variable");
  }

  /**
   * Ends a lease before its deadline: another volunteer can get the variable at once.
   * @param {Document} lease @param {CallOptions & {keepalive?: boolean}} [call]
   */
  async giveBack(lease, call) {
    await this.#sendWithoutResponse("DELETE", lease.link("lease"), call);
  }

  /**
   * The lease with a new deadline; rejects with PoolError 409 if it has been lost.
   * @param {Document} lease @param {CallOptions} [call]
   */
  async extend(lease, call) {
    const extended = this.#lease(documentOf(await this.#transport.send("POST", lease.link("lease"), call)));
    return checkedToBeOf(lease, extended, "self");
  }

  /**
   * Reports to the job's owner how a unit failed, which ends its lease, or what it printed. Rejects with MissingLink if
   * the pool takes no reports.
   * @param {Document} lease
   * @param {import("./report.js").Report} report
   * @param {CallOptions} [call]
   */
  async postReport(lease, report, call) {
    await this.#sendWithoutResponse("POST", lease.link("post_report"), { body: encoded(report), ...call });
  }

  /** Posts a job; names are unique. @param {object} job @param {CallOptions} [call] */
  async postJob(job, call) {
    const root = await this.root(call);
    return this.#store("POST", root.link(root.has("post_job") ? "post_job" : "jobs"), job, call);
  }

  /**
   * Adds a variable, any JSON value, to a job; the pool chooses its id.
   * @param {Document} job @param {unknown} variable @param {CallOptions} [call]
   */
  async postVariable(job, variable, call) {
    return this.#store("POST", job.link("post_variable"), variable, call);
  }

  /**
   * Adds any number of variables to a job, in requests of about 4 MiB. Each request is atomic, all of them together are
   * not: after an error the variables of earlier requests are stored.
   * @param {Document} job @param {Iterable<unknown> | AsyncIterable<unknown>} variables @param {CallOptions} [call]
   * @returns {Promise<string[]>} their ids, in order
   */
  async postVariables(job, variables, call) {
    const address = job.link("post_variable");
    const headers = { "Content-Type": NDJSON };
    /** @type {string[]} */
    const ids = [];
    for await (const body of batches(variables)) {
      const response = await this.#transport.send("POST", address, { body, headers, ...call });
      ids.push(...documentOf(response).content.ids);
    }
    return ids;
  }

  /**
   * Stores a variable under a chosen id. Idempotent; rejects with PoolError 409 if another variable has the id.
   * @param {Document} job @param {string} id @param {unknown} variable @param {CallOptions} [call]
   */
  async putVariable(job, id, variable, call) {
    return this.#store("PUT", job.link("put_variable", { variable: id }), variable, call);
  }

  /** The variables of a job with their states; leases none. @param {Document} job @param {CallOptions} [call] */
  async *variables(job, call) {
    yield* this.#items(job.link("variables"), call);
  }

  /** The accepted results of a job, page by page. @param {Document} job @param {CallOptions} [call] */
  async *results(job, call) {
    yield* this.#items(job.link("results"), call);
  }

  /**
   * The results of a job as they come, until nothing is left to do. With `errors`, variables that failed, were withdrawn
   * or are stuck are entries too: see `state`, `reason` and, for the owner, `message`. After an entry's `cursor` the
   * stream can be continued. Waits through outages of the pool. Rejects with MissingLink if the pool has no streams.
   * @param {Document} job @param {import("./stream.js").StreamOptions} [options] @param {CallOptions} [call]
   */
  async *followResults(job, { order = "accepted", errors = false, cursor, onOutage } = {}, { signal } = {}) {
    const values = { wait: waitSeconds(this.#timeout), order, errors: String(errors), cursor };
    const get = (/** @type {string} */ address) => this.#get(address, { signal });
    const sleep = (/** @type {number} */ seconds) => this.#sleep(seconds * 1000, signal);
    yield* follow(get, job.link("follow_results", values), sleep, onOutage);
  }

  /** The counts, rates and estimates of a job. @param {Document} job @param {CallOptions} [call] */
  async progress(job, call) {
    return (await this.follow(job, "progress", call)).data;
  }

  /** @param {string | (() => string)} address @param {CallOptions} [call] */
  async #get(address, call) {
    return documentOf(await this.#transport.send("GET", typeof address === "string" ? address : address(), call));
  }

  /** @param {string} method @param {string} address @param {unknown} document @param {CallOptions} [call] */
  async #store(method, address, document, call) {
    return created(await this.#transport.send(method, address, { body: encoded(document), ...call }));
  }

  /** @param {Document} document */
  #lease(document) {
    // Without it a unit would be computed in vain.
    if (!document.has("post_result")) throw new ForeignResponse(200, "no leased variable");
    return new Lease(document, this.#now);
  }

  /** @param {string} method @param {string} address @param {import("./transport.js").SendOptions} [options] */
  async #sendWithoutResponse(method, address, options) {
    const response = await this.#transport.send(method, address, options);
    if (response.status !== 204) throw response.error;
  }

  /** @param {string} first @param {CallOptions} [call] */
  async *#items(first, call) {
    for (let address = first; ; ) {
      const page = await this.#get(address, call);
      yield* page.items();
      if (!page.has("next")) return;
      address = page.link("next");
    }
  }
}

/** @param {Document} root @param {JobFilter} filter */
function scheduledLink(root, { owners = [], scheduler, can = [], memoryMb }) {
  const filter = { owner: owners, scheduler, can: [...can, JSON_VARIABLES], memory_mb: memoryMb };
  if (root.has("scheduled")) return root.link("scheduled", filter);
  // A minimal pool's root has only the address of its default scheduler.
  const links = { scheduled: root.content.job_scheduler_url };
  return new Document(root.address, { _links: links }).link("scheduled");
}

/** @param {PoolResponse} response */
function documentOf(response) {
  if (response.document === undefined) throw response.error;
  return new Document(response.address, response.document, response.headers);
}

/** The stored document, with a link `self` even if the response has no body. @param {PoolResponse} response */
function created(response) {
  const document = new Document(response.address, response.document ?? {}, response.headers);
  if (!document.has("self")) {
    document.content._links = { ...document.links, self: response.headers.get("Location") ?? response.address };
  }
  return document;
}

/**
 * The document. Throws ForeignResponse if a link leads to another variable: something repeats responses to others.
 * @template {Document} Checked
 * @param {Document} variable @param {Checked} document @param {string} link
 */
function checkedToBeOf(variable, document, link) {
  const isOther = variable.has("self") && document.has(link) && document.link(link) !== variable.link("self");
  if (isOther) throw new ForeignResponse(200, "a response about another variable");
  return document;
}

/** @param {unknown} document */
function encoded(document) {
  const text = JSON.stringify(document);
  if (text === undefined) throw new TypeError("not representable as JSON");
  return text;
}

/** @param {Iterable<unknown> | AsyncIterable<unknown>} variables */
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
