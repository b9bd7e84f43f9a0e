// The client's retries, and the errors that it does not retry.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { createServer as createSocketServer } from "node:net";
import { test } from "node:test";
import { Client } from "../lib/client.js";
import { PoolError, Unreachable } from "../lib/errors.js";
import { Lease } from "../lib/leases.js";
import { CUT, FakePool } from "./fake-pool.js";
import { Watched } from "./fake-platform.js";

const ROOT = /^\/$/;

/** A client that records its delays instead of waiting. */
function withoutDelays(pool, options = {}) {
  const waits = [];
  const sleep = async (milliseconds, signal) => {
    signal?.throwIfAborted();
    waits.push(milliseconds);
  };
  return { waits, client: new Client(pool.url ?? pool, { sleep, ...options }) };
}

test("a request is retried", async (context) => {
  const pool = await FakePool.for(context);
  pool.misbehave("GET", ROOT, 502, { times: 2 });
  const { client } = withoutDelays(pool);
  assert.equal((await client.root()).has("jobs"), true);
});

test("an error that is final is not retried", async (context) => {
  const pool = await FakePool.for(context);
  pool.misbehave("GET", ROOT, 507, { times: 9 });
  await assert.rejects(withoutDelays(pool).client.root(), (ex) => ex instanceof PoolError && ex.status === 507);
  assert.equal(pool.requests.length, 1);
});

test("a problem document is read", async (context) => {
  const pool = await FakePool.for(context);
  pool.misbehave("GET", ROOT, 422, { headers: { "Retry-After": "9" } });
  const { title, detail, retryAfter } = await withoutDelays(pool).client.root().catch((ex) => ex);
  assert.deepEqual([title, detail, retryAfter], ["A problem", "misbehaving", 9]);
});

for (const status of [200, 418]) {
  test(`a ${status} with a page is a ForeignResponse at once`, async (context) => {
    const pool = await FakePool.for(context);
    pool.misbehave("GET", ROOT, () => ({ status, headers: { "Content-Type": "text/html" }, text: "<h1>Hello</h1>" }));
    const { client } = withoutDelays(pool);
    await assert.rejects(client.root(), { name: "ForeignResponse", status, detail: "text/html" });
    assert.equal(pool.requests.length, 1);
  });
}

test("Retry-After is honoured", async (context) => {
  const pool = await FakePool.for(context);
  pool.misbehave("GET", ROOT, 503, { headers: { "Retry-After": "7" } });
  const { client, waits } = withoutDelays(pool, { retries: { firstDelay: 1 } });
  await client.root();
  assert.ok(waits[0] >= 7000 && waits[0] <= 8400);
});

test("a Retry-After of more than a minute is left to the caller", async (context) => {
  const pool = await FakePool.for(context);
  pool.misbehave("GET", ROOT, 503, { headers: { "Retry-After": "61" } });
  await assert.rejects(withoutDelays(pool).client.root(), { retryAfter: 61 });
});

for (const [retries, delays] of [[undefined, [500, 1000]], [{ firstDelay: 100 }, [100, 200]]]) {
  test(`delays are in milliseconds, and grow, with retries: ${JSON.stringify(retries)}`, async (context) => {
    const pool = await FakePool.for(context);
    pool.misbehave("GET", ROOT, 503, { times: 2 });
    context.mock.method(Math, "random", () => 1);
    const { client, waits } = withoutDelays(pool, { retries });
    await client.root();
    assert.deepEqual(waits, delays);
  });
}

test("by default there are five attempts", async (context) => {
  const pool = await FakePool.for(context);
  pool.misbehave("GET", ROOT, 503, { times: 9 });
  await assert.rejects(withoutDelays(pool).client.root(), PoolError);
  assert.equal(pool.requests.length, 5);
});

test("attempts are limited", async (context) => {
  const pool = await FakePool.for(context);
  pool.misbehave("GET", ROOT, 503, { times: 9 });
  await assert.rejects(withoutDelays(pool, { retries: { attempts: 3 } }).client.root(), PoolError);
  assert.equal(pool.requests.length, 3);
});

test("a pool that is offline is unreachable after all attempts", async (context) => {
  const pool = await FakePool.for(context);
  const { url } = pool;
  await pool.goOffline();
  const { client, waits } = withoutDelays(url, { retries: { attempts: 3 } });
  await assert.rejects(client.root(), (ex) => ex instanceof Unreachable && ex.cause instanceof Error);
  assert.equal(waits.length, 2);
});

test("a bad certificate is final, and stops a volunteer that starts", async (context) => {
  const pem = readFileSync(new URL("../../../tests/client/self-signed.pem", import.meta.url));
  const server = createSecureServer({ key: pem, cert: pem }).listen(0, "127.0.0.1");
  context.after(() => server.close());
  await once(server, "listening");
  const url = `https://127.0.0.1:${server.address().port}/`;
  const { client, waits } = withoutDelays(url);
  const message = /^the pool's certificate is not valid: self-signed certificate/;
  await assert.rejects(client.root(), { name: "BadCertificate", message });
  assert.deepEqual(waits, []);
  const watched = await Watched.start(context, url);
  assert.equal(watched.volunteer.state, "stopped");
  const [error, ...others] = watched.eventsOf("error");
  assert.deepEqual([error.kind, others], ["pool", []]);
  assert.match(error.message, message);
});

test("all attempts of a POST have one Idempotency-Key, and another POST has another", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("adder");
  pool.misbehave("POST", /variables$/, 502);
  const { client } = withoutDelays(pool);
  const job = await client.job("adder");
  await client.postVariable(job, { a: 1 });
  await client.postVariable(job, { a: 1 });
  const [first, again, other] = pool.requestsTo("POST", /variables$/).map(({ headers }) => headers["idempotency-key"]);
  assert.equal(first, again);
  assert.notEqual(first, other);
});

test("a result is stored once, even if the connection is lost after it was posted", async (context) => {
  const pool = await FakePool.for(context);
  const job = pool.addJob("adder", [{ a: 1 }]);
  pool.misbehave("POST", /results$/, CUT, { times: 2 });
  const { client } = withoutDelays(pool);
  const { items } = await client.lease(await client.job("adder"));
  await client.postResult(items[0], "5", { seconds: 1 / 3 });
  assert.equal(pool.requestsTo("POST", /results$/).length, 3);
  assert.deepEqual([...job.results.values()].map(({ result }) => result), [5]);
});

test("a result has its run time, in seconds with six places", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("adder", [{ a: 1 }]);
  const { client } = withoutDelays(pool);
  const { items } = await client.lease(await client.job("adder"));
  await client.postResult(items[0], "5", { seconds: 1e-7 });
  assert.equal(pool.requestsTo("POST", /results$/)[0].headers["run-seconds"], "0.000000");
});

test("a volunteer sends its id", async (context) => {
  const pool = await FakePool.for(context);
  await withoutDelays(pool, { volunteer: "a-volunteer-of-the-tests" }).client.root();
  assert.equal(pool.requests[0].headers.volunteer, "a-volunteer-of-the-tests");
});

test("an invalid id is a TypeError", () => {
  assert.throws(() => new Client("http://pool.example/", { volunteer: "short" }), TypeError);
});

test("a signal cancels a request", async (context) => {
  const pool = await FakePool.for(context);
  const controller = new AbortController();
  pool.misbehave("GET", ROOT, () => void controller.abort(new Error("no more")));
  await assert.rejects(withoutDelays(pool).client.root({ signal: controller.signal }), /no more/);
});

test("a signal cancels the delay between two attempts", async (context) => {
  const pool = await FakePool.for(context);
  pool.misbehave("GET", ROOT, 503, { times: 9, headers: { "Retry-After": "30" } });
  const signal = AbortSignal.timeout(50);
  await assert.rejects(new Client(pool.url).root({ signal }), { name: "TimeoutError" });
  assert.equal(pool.requests.length, 1);
});

test("no request is sent with an aborted signal", async (context) => {
  const pool = await FakePool.for(context);
  await assert.rejects(withoutDelays(pool).client.root({ signal: AbortSignal.abort() }), { name: "AbortError" });
  assert.equal(pool.requests.length, 0);
});

test("a response that does not begin in time is retried", async (context) => {
  const pool = await FakePool.for(context);
  pool.misbehave("GET", ROOT, () => undefined);
  assert.equal((await withoutDelays(pool, { timeout: 50 }).client.root()).has("jobs"), true);
});

test("a response that stops half-way is unreachable", async (context) => {
  const server = createServer((_, response) => response.write("{")).listen(0, "127.0.0.1");
  context.after(() => (server.closeAllConnections(), server.close()));
  await new Promise((resolve) => server.once("listening", resolve));
  const { client } = withoutDelays(`http://127.0.0.1:${server.address().port}/`, { timeout: 50, retries: { attempts: 1 } });
  await assert.rejects(client.root(), /no response within 0.05 s/);
});

// Node 20 loses the error, and then its `fetch` does not even end with its signal.
test("a body whose compression is broken ends at the time limit too", async (context) => {
  const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 7\r\n\r\n";
  const server = createSocketServer((socket) => {
    context.after(() => socket.destroy());
    socket.once("data", () => socket.write(head, () => setTimeout(() => socket.write("no gzip"), 5)));
  }).listen(0, "127.0.0.1");
  context.after(() => server.close());
  await once(server, "listening");
  const { client } = withoutDelays(`http://127.0.0.1:${server.address().port}/`, { timeout: 300, retries: { attempts: 1 } });
  await assert.rejects(client.root(), /^Unreachable: the pool can't be reached: /);
});

test("a response has a size limit", async () => {
  const chunk = new Uint8Array(1 << 20).fill(32);
  const endless = new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
  const client = new Client("http://pool.example/", { fetch: async () => new Response(endless) });
  await assert.rejects(client.root(), { name: "ForeignResponse", detail: "larger than 33554432 bytes" });
});

test("a request discloses nothing of its page", async () => {
  const sent = [];
  const fetch = async (address, init) => {
    sent.push(init);
    return new Response(`{"job_scheduler_url": "/jobs/scheduler"}`);
  };
  await new Client("http://pool.example/", { fetch }).root();
  const { credentials, referrerPolicy, redirect, cache } = sent[0];
  assert.deepEqual([credentials, referrerPolicy, redirect, cache], ["omit", "no-referrer", "manual", "no-store"]);
});

test("a lease has a remaining time", () => {
  let now = 0;
  const headers = new Headers({ "Lease-Seconds": "30" });
  const lease = new Lease({ address: "http://pool.example/", content: {}, headers }, () => now);
  now = 12_000;
  assert.equal(lease.remaining, 18);
});
