// A minimal pool in this process, which records its requests and can misbehave.
import { once } from "node:events";
import { createServer } from "node:http";
import { setImmediate as nextTick } from "node:timers/promises";

export const CUT = "cut";

/** Waits until a condition holds, and returns its value; fails after a timeout. */
export async function eventually(condition, seconds = 5) {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const value = condition();
    if (value) return value;
    if (performance.now() > deadline) throw new Error(`not within ${seconds} s: ${condition}`);
    await nextTick();
  }
}

class Problem extends Error {
  constructor(status, detail, headers = {}) {
    super(detail);
    Object.assign(this, { status, headers });
  }
}

export class FakePool {
  jobs = new Map();
  requests = [];
  returned = [];
  extended = [];
  /** With `job` and `variable`. */
  reports = [];
  /** An older pool takes none. */
  takesReports = true;
  /** An older pool leases and takes single ones. */
  takesBatches = false;
  leaseSeconds = 30;
  retryAfter = 10;
  /** More fields of the root. */
  rootFields = {};
  problemType = "about:blank";
  validate = () => undefined;
  #misbehaviours = [];
  #tokens = new Map();
  #leases = 0;

  constructor({ prefix = "", hal = false } = {}) {
    this.prefix = prefix;
    this.hal = hal;
    this.server = createServer((request, response) => this.#serve(request, response));
  }

  /** Listens until the test ends. */
  static async for(test, options) {
    const pool = new FakePool(options);
    pool.server.listen(0, "127.0.0.1");
    await once(pool.server, "listening");
    test.after(() => pool.close());
    return pool;
  }

  get origin() {
    return `http://127.0.0.1:${this.server.address().port}`;
  }

  get url() {
    return `${this.origin}${this.prefix}/`;
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** Stops listening; returns a function that starts again. */
  async goOffline() {
    const { port } = this.server.address();
    this.close();
    return () => this.server.listen(port, "127.0.0.1");
  }

  addJob(id, variables = [], more = {}) {
    const document = { id, name: `The ${id}`, metadata: {}, execute_function: `of ${id}`, ...more };
    const names = variables.map((_, number) => String(number).padStart(4, "0"));
    const inputs = new Map(names.map((name, index) => [name, variables[index]]));
    const job = { document, inputs, open: names, results: new Map(), contexts: new Map() };
    this.jobs.set(id, job);
    return job;
  }

  /** Misbehaves for the next matching requests. CUT: processes the request, then drops the connection. */
  misbehave(method, path, status, { times = 1, headers = {} } = {}) {
    this.#misbehaviours.push({ method, path, status, times, headers });
  }

  requestsTo(method, path) {
    return this.requests.filter((request) => request.method === method && path.test(request.path));
  }

  /** All leases are lost. */
  forgetLeases() {
    this.#tokens.clear();
  }

  async #serve(incoming, outgoing) {
    const request = await this.#read(incoming);
    this.requests.push(request);
    const rule = this.#ruleFor(request);
    const response = this.#respond(request, rule);
    if (rule?.status === CUT) incoming.socket.destroy();
    else if (response !== undefined) this.#send(outgoing, response);
  }

  #ruleFor(request) {
    const rule = this.#misbehaviours.find(
      ({ method, path, times }) => times > 0 && method === request.method && path.test(request.path),
    );
    if (rule) rule.times -= 1;
    return rule;
  }

  async #read(incoming) {
    let body = "";
    for await (const chunk of incoming) body += chunk;
    const { pathname, searchParams } = new URL(incoming.url, this.origin);
    const path = pathname.startsWith(this.prefix) ? pathname.slice(this.prefix.length) : pathname;
    return { method: incoming.method, path, query: searchParams, headers: incoming.headers, body };
  }

  /** The honest response, for a function that misbehaves later. */
  respond(request) {
    return this.#respond(request);
  }

  #respond(request, rule) {
    try {
      if (rule && typeof rule.status === "number") throw new Problem(rule.status, "misbehaving", rule.headers);
      if (rule && typeof rule.status === "function") return rule.status(request);
      return this.#route(request);
    } catch (ex) {
      if (!(ex instanceof Problem)) throw ex;
      const { status, message, headers } = ex;
      const type = { "Content-Type": "application/problem+json" };
      const document = { type: this.problemType, title: "A problem", status, detail: message };
      return { status, headers: { ...type, ...headers }, document };
    }
  }

  #send(outgoing, { status = 200, headers = {}, document, text }) {
    const body = text ?? (document === undefined ? "" : JSON.stringify(document));
    outgoing.writeHead(status, { "Content-Type": "application/json", ...headers });
    outgoing.end(status === 204 ? undefined : body);
  }

  #route(request) {
    for (const [pattern, responder] of this.#routes) {
      const match = pattern.exec(request.path);
      if (match) return responder(request, ...match.slice(1).map(decodeURIComponent));
    }
    throw new Problem(404, request.path);
  }

  #routes = [
    [/^\/$/, () => this.#root()],
    [/^\/jobs$/, (request) => this.#postJob(request)],
    [/^\/jobs\/index$/, (request) => this.#index(request)],
    [/^\/jobs\/scheduled$/, (request) => this.#schedule(request)],
    [/^\/jobs\/scheduled\/([^/]+)$/, (request) => this.#schedule(request)],
    [/^\/jobs\/([^/]+)$/, (_, id) => ({ document: this.#job(this.#find(id)) })],
    [/^\/jobs\/([^/]+)\/progress$/, (_, id) => ({ document: { open: this.#find(id).open.length, _links: {} } })],
    [/^\/jobs\/([^/]+)\/results$/, (request, id) => this.#results(request, id)],
    [/^\/jobs\/([^/]+)\/variables$/, (request, id) => this.#variables(request, this.#find(id))],
    [/^\/jobs\/([^/]+)\/variables\/index$/, (_, id) => this.#page(this.#find(id).open.map((name) => ({ id: name })))],
    [/^\/jobs\/([^/]+)\/variables\/([^/]+)$/, (request, id, name) => this.#put(request, this.#find(id), name)],
    [/^\/jobs\/([^/]+)\/variables\/([^/]+)\/lease$/, (request, id, name) => this.#lease(request, this.#find(id), name)],
    [/^\/jobs\/([^/]+)\/variables\/([^/]+)\/results$/, (request, ...ids) => this.#result(request, ...ids)],
    [/^\/jobs\/([^/]+)\/variables\/([^/]+)\/reports$/, (request, ...ids) => this.#report(request, ...ids)],
  ];

  #root() {
    const links = {
      self: "/",
      jobs: "/jobs/index",
      post_job: "/jobs",
      job: "/jobs/{job}",
      scheduled: "/jobs/scheduled{/scheduler}{?owner*,can*,memory_mb}",
      sandbox: "/sandbox",
    };
    const document = { job_scheduler_url: `${this.prefix}/jobs/scheduler`, ...this.rootFields };
    return { document: { ...document, _links: this.#links(links) } };
  }

  #links(links) {
    const link = (href) => (this.hal ? { href, templated: href.includes("{") } : href);
    return Object.fromEntries(Object.entries(links).map(([name, path]) => [name, link(this.prefix + path)]));
  }

  #page(items) {
    return { document: { _links: {}, _embedded: { items } } };
  }

  #find(id) {
    const job = this.jobs.get(id);
    if (!job) throw new Problem(404, `no job ${id}`);
    return job;
  }

  #job({ document }) {
    const home = `/jobs/${document.id}`;
    const links = {
      self: home,
      get_variables: `${home}/variables`,
      post_variable: `${home}/variables`,
      put_variable: `${home}/variables/{variable}`,
      variables: `${home}/variables/index`,
      results: `${home}/results`,
      progress: `${home}/progress`,
      ...(this.takesBatches && { lease_variables: `${home}/variables{?count}`, post_results: `${home}/results` }),
    };
    return { _links: this.#links(links), ...document };
  }

  /** The first job of these owners with open variables. */
  #schedule(request) {
    const owners = request.query.getAll("owner");
    const candidates = [...this.jobs.values()].filter(
      ({ document }) => owners.length === 0 || owners.includes(document.metadata.owner),
    );
    if (candidates.length === 0) return this.#noContent();
    return { document: this.#job(candidates.find((job) => job.open.length > 0) ?? candidates[0]) };
  }

  /** Pages of two. */
  #index(request) {
    const start = Number(request.query.get("cursor") ?? 0);
    const all = [...this.jobs.values()].map((job) => this.#job(job));
    const { document } = this.#page(all.slice(start, start + 2));
    if (start + 2 < all.length) document._links.next = `index?cursor=${start + 2}`;
    return { document };
  }

  #postJob({ body }) {
    const posted = JSON.parse(body);
    this.addJob(posted.name, [], posted);
    return { status: 201, headers: { Location: `${this.prefix}/jobs/${posted.name}` } };
  }

  #noContent() {
    return { status: 204, headers: { "Retry-After": String(this.retryAfter) } };
  }

  #variables(request, job) {
    if (request.method === "POST") return this.#postVariables(request, job);
    const count = request.query.get("count");
    const names = job.open.splice(0, Number(count ?? 1));
    if (names.length === 0) return this.#noContent();
    const leased = names.map((name) => this.#leaseDocument(job, name));
    if (count === null) return leased[0];
    return { headers: leased[0].headers, ...this.#page(leased.map(({ document }) => document)) };
  }

  #postVariables({ body }, job) {
    const lines = body.split("\n").filter(Boolean);
    const ids = lines.map((_, index) => `new-${job.inputs.size + index}`);
    ids.forEach((id, index) => job.inputs.set(id, JSON.parse(lines[index])));
    job.open.push(...ids);
    return { status: 201, document: { ids } };
  }

  #put(request, job, name) {
    if (request.method === "PUT") job.inputs.set(name, JSON.parse(request.body));
    return { status: 201, headers: { Location: this.prefix + request.path } };
  }

  #leaseDocument(job, name) {
    const token = `token-${this.#leases++}`;
    this.#tokens.set(token, name);
    const home = `/jobs/${job.document.id}/variables/${name}`;
    const links = {
      self: home,
      post_result: `${home}/results?lease=${token}`,
      lease: `${home}/lease?lease=${token}`,
      ...(this.takesReports && { post_report: `${home}/reports?lease=${token}` }),
    };
    const document = { _links: this.#links(links), ...job.inputs.get(name) };
    if (job.contexts.has(name)) document._embedded = { context: job.contexts.get(name) };
    return { headers: { "Lease-Seconds": String(this.leaseSeconds) }, document };
  }

  #lease(request, job, name) {
    if (!this.#tokens.has(request.query.get("lease"))) throw new Problem(409, "the lease has been lost");
    if (request.method === "POST") {
      this.extended.push(name);
      return this.#leaseDocument(job, name);
    }
    this.returned.push(name);
    job.open.push(name);
    return { status: 204 };
  }

  /** A failure ends the lease, after which the variable is open again. */
  #report(request, id, name) {
    const [job, token, report] = [this.#find(id), request.query.get("lease"), JSON.parse(request.body)];
    if (report.error && !this.#tokens.delete(token)) throw new Problem(409, "the lease has been lost");
    this.reports.push({ job: id, variable: name, ...report });
    if (report.error) job.open.push(name);
    return { status: 204 };
  }

  /** GET, or a batch: each result as if it was posted alone. */
  #results(request, id) {
    if (request.method === "GET") return this.#page([...this.#find(id).results.values()]);
    const lines = request.body.trim().split("\n").map(JSON.parse);
    const outcomes = lines.map(({ post_result: link, result }) => {
      const { pathname, searchParams: query } = new URL(link, this.origin);
      const path = pathname.slice(this.prefix.length);
      const { status = 200, headers = {}, document } = this.#respondToLine(path, query, result);
      if (status === 201) return { status, location: headers.Location };
      const retryAfter = headers["Retry-After"];
      return { status, problem: document, ...(retryAfter && { retry_after: Number(retryAfter) }) };
    });
    return { document: { outcomes } };
  }

  #respondToLine(path, query, result) {
    const request = { method: "POST", path, query, body: JSON.stringify(result) };
    return this.#respond(request, this.#ruleFor(request));
  }

  /** Idempotent for one lease. */
  #result(request, id, name) {
    const job = this.#find(id);
    const token = request.query.get("lease");
    const stored = job.results.get(name);
    if (stored && stored.token !== token) throw new Problem(409, "the variable is finished");
    const reason = this.validate(JSON.parse(request.body));
    if (reason !== undefined) throw new Problem(422, reason);
    if (!stored) job.results.set(name, { token, result: JSON.parse(request.body) });
    return { status: 201, headers: { Location: `${this.prefix}${request.path}/1` }, document: { _links: {} } };
  }
}
