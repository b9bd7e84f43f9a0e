// The stream of a job, followed to its end through outages of the pool.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "../lib/client.js";
import { Document } from "../lib/document.js";
import { ForeignResponse, PoolError, Unreachable } from "../lib/errors.js";
import { follow, waitSeconds } from "../lib/stream.js";
import { FakePool } from "./fake-pool.js";

const ADDRESS = "http://pool.example/";

/** A page with entries of these states, each of another variable. */
function page(states, { isLast = false, retryAfter } = {}) {
  const items = states.map((state, number) => ({ _links: { get_variable: `/v${number}` }, state }));
  const headers = new Headers(retryAfter && { "Retry-After": retryAfter });
  return new Document(ADDRESS, { _links: isLast ? {} : { next: "/next" }, _embedded: { items } }, headers);
}

/** The states of all entries, and the waits in seconds. `pages` may have errors. */
async function followed(...pages) {
  const [waits, outages] = [[], []];
  const get = async () => {
    const one = pages.shift();
    if (one instanceof Error) throw one;
    return one;
  };
  const sleep = async (seconds) => void waits.push(seconds);
  const stream = follow(get, ADDRESS, sleep, (error) => outages.push(error));
  return { states: (await Array.fromAsync(stream)).map(({ content }) => content.state), waits, outages };
}

test("pages are followed to the last one", async () => {
  const { states } = await followed(page(["done"]), page([]), page(["done", "failed"], { isLast: true }));
  assert.deepEqual(states, ["done", "done", "failed"]);
});

test("an outage is waited through", async () => {
  const away = [new Unreachable("away"), new ForeignResponse(502, "a proxy"), new PoolError(503, "busy", "busy")];
  const { states, waits, outages } = await followed(page(["done"]), ...away, page(["done"], { isLast: true }));
  assert.deepEqual(states, ["done", "done"]);
  assert.deepEqual(outages, away);
  assert.equal(waits.length, 3);
});

test("what is no outage is thrown", async () => {
  const error = new PoolError(404, "not found", "no such job");
  await assert.rejects(followed(page(["done"]), error), error);
});

test("without a place to wait the client waits", async () => {
  const { waits } = await followed(page([], { retryAfter: "2" }), page([], { isLast: true }));
  assert.equal(waits.length, 1);
  assert.ok(waits[0] >= 2 && waits[0] <= 2.4);
});

test("a stuck variable is told once until it is not stuck any more", async () => {
  const stuck = page(["stuck"]);
  const { states } = await followed(stuck, stuck, page([]), stuck, page(["done"], { isLast: true }));
  assert.deepEqual(states, ["stuck", "stuck", "done"]);
});

test("a request waits for less than the timeout of the client", () => {
  assert.deepEqual([30_000, 100_000, 1000].map(waitSeconds), [21, 25, 0.7]);
});

test("a client follows the template of the job", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("adder");
  const document = { ...page(["done"], { isLast: true }).content };
  pool.misbehave("GET", /results/, () => ({ document }));
  const client = new Client(pool.url);
  const job = await client.job("adder");
  job.content._links.follow_results = "/jobs/adder/results{?wait,order,errors,limit,cursor}";
  const entries = await Array.fromAsync(client.followResults(job, { order: "input", errors: true, cursor: "7" }));
  assert.deepEqual(entries.map(({ content }) => content.state), ["done"]);
  const { query } = pool.requestsTo("GET", /results/)[0];
  assert.equal(query.toString(), "wait=21&order=input&errors=true&cursor=7");
});
