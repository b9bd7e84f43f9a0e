// The client tries again what may pass, and says plainly what doesn't.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { Client } from "../lib/client.js";
import { retryAfter } from "../lib/answer.js";
import { PoolError, Unreachable } from "../lib/errors.js";
import { Lease } from "../lib/leases.js";
import { CUT, FakePool } from "./fake-pool.js";

const ROOT = /^\/$/;

/** A client that notes its pauses in place of waiting. */
function hasty(pool, options = {}) {
  const waits = [];
  const sleep = async (milliseconds, signal) => {
    signal?.throwIfAborted();
    waits.push(milliseconds);
  };
  return { waits, client: new Client(pool.url ?? pool, { sleep, ...options }) };
}

for (const status of [429, 502, 503, 504]) {
  test(`a pool that answers ${status} is asked again`, async (context) => {
    const pool = await FakePool.for(context);
    pool.misbehave("GET", ROOT, status, { times: 2 });
    const { client } = hasty(pool);
    assert.equal((await client.root()).has("jobs"), true);
  });
}

for (const status of [400, 401, 403, 404, 409, 410, 422, 500, 507]) {
  test(`a pool that answers ${status} is not asked again`, async (context) => {
    const pool = await FakePool.for(context);
    pool.misbehave("GET", ROOT, status, { times: 9 });
    await assert.rejects(hasty(pool).client.root(), (ex) => ex instanceof PoolError && ex.status === status);
    assert.equal(pool.requests.length, 1);
  });
}

test("a problem document is read", async (context) => {
  const pool = await FakePool.for(context);
  pool.misbehave("GET", ROOT, 422, { headers: { "Retry-After": "9" } });
  const { title, detail, retryAfter: asked } = await hasty(pool).client.root().catch((ex) => ex);
  assert.deepEqual([title, detail, asked], ["A problem", "misbehaving", 9]);
});

test("an error that is no problem document is a PoolError all the same", async (context) => {
  const pool = await FakePool.for(context);
  pool.misbehave("GET", ROOT, () => ({ status: 418, text: "<h1>teapot</h1>" }));
  await assert.rejects(hasty(pool).client.root(), (ex) => ex instanceof PoolError && ex.status === 418);
});

test("an answer that is no JSON is a PoolError", async (context) => {
  const pool = await FakePool.for(context);
  pool.misbehave("GET", ROOT, () => ({ text: "<html>" }));
  await assert.rejects(hasty(pool).client.root(), /the answer is not JSON/);
});

test("Retry-After is honoured", async (context) => {
  const pool = await FakePool.for(context);
  pool.misbehave("GET", ROOT, 503, { headers: { "Retry-After": "7" } });
  const { client, waits } = hasty(pool, { patience: { firstPause: 1 } });
  await client.root();
  assert.ok(waits[0] >= 7000 && waits[0] < 7010);
});

test("for longer than a minute the caller waits, not the client", async (context) => {
  const pool = await FakePool.for(context);
  pool.misbehave("GET", ROOT, 503, { headers: { "Retry-After": "61" } });
  await assert.rejects(hasty(pool).client.root(), { retryAfter: 61 });
});

test("Retry-After may be a date", () => {
  const date = "Wed, 21 Oct 2026 07:28:00 GMT";
  const headers = new Headers({ Date: date, "Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT" });
  assert.equal(retryAfter(headers), 30);
});

for (const [text, seconds] of [["", null], ["soon", null], ["1.5", 1.5], ["Wed, 21 Oct 2015 07:28:00 GMT", 0]]) {
  test(`Retry-After: "${text}" is ${seconds}`, () => {
    assert.equal(retryAfter(new Headers({ "Retry-After": text })), seconds);
  });
}

test("pauses have full jitter, and grow", async (context) => {
  const pool = await FakePool.for(context);
  pool.misbehave("GET", ROOT, 503, { times: 6 * 30 });
  const { client, waits } = hasty(pool, { patience: { attempts: 6 } });
  for (let turn = 0; turn < 30; turn += 1) await client.root().catch(() => {});
  const of = (attempt) => waits.filter((_, index) => index % 5 === attempt);
  assert.ok(of(0).every((wait) => wait < 500) && of(4).every((wait) => wait < 8000));
  assert.ok(Math.min(...of(4)) < 4000 && Math.max(...of(4)) > 4000);
});

test("patience ends", async (context) => {
  const pool = await FakePool.for(context);
  pool.misbehave("GET", ROOT, 503, { times: 9 });
  await assert.rejects(hasty(pool, { patience: { attempts: 3 } }).client.root(), PoolError);
  assert.equal(pool.requests.length, 3);
});

test("a pool that is away is unreachable, after as many attempts", async (context) => {
  const pool = await FakePool.for(context);
  const { url } = pool;
  await pool.leave();
  const { client, waits } = hasty(url, { patience: { attempts: 3 } });
  await assert.rejects(client.root(), (ex) => ex instanceof Unreachable && ex.cause instanceof Error);
  assert.equal(waits.length, 2);
});

test("a POST has one Idempotency-Key in all its attempts, and another POST another", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("adder");
  pool.misbehave("POST", /variables$/, 503);
  const { client } = hasty(pool);
  const job = await client.job("adder");
  await client.postVariable(job, { a: 1 });
  await client.postVariable(job, { a: 1 });
  const [first, again, other] = pool.asked("POST", /variables$/).map(({ headers }) => headers["idempotency-key"]);
  assert.equal(first, again);
  assert.notEqual(first, other);
});

test("a result is stored once, though the connection was lost after it was posted", async (context) => {
  const pool = await FakePool.for(context);
  const job = pool.addJob("adder", [{ a: 1 }]);
  pool.misbehave("POST", /results$/, CUT, { times: 2 });
  const { client } = hasty(pool);
  const { items } = await client.lease(await client.job("adder"));
  await client.postResult(items[0], "5", { seconds: 1 / 3 });
  assert.equal(pool.asked("POST", /results$/).length, 3);
  assert.deepEqual([...job.results.values()].map(({ result }) => result), [5]);
});

test("a result says how long it took, in seconds with six places", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("adder", [{ a: 1 }]);
  const { client } = hasty(pool);
  const { items } = await client.lease(await client.job("adder"));
  await client.postResult(items[0], "5", { seconds: 1e-7 });
  assert.equal(pool.asked("POST", /results$/)[0].headers["run-seconds"], "0.000000");
});

test("a volunteer says who it is", async (context) => {
  const pool = await FakePool.for(context);
  await hasty(pool, { volunteer: "a-volunteer-of-the-tests" }).client.root();
  assert.equal(pool.requests[0].headers.volunteer, "a-volunteer-of-the-tests");
});

test("an id that no pool would accept is refused at once", () => {
  assert.throws(() => new Client("http://pool.example/", { volunteer: "short" }), TypeError);
});

test("a request is ended by its signal while it is answered", async (context) => {
  const pool = await FakePool.for(context);
  const controller = new AbortController();
  pool.misbehave("GET", ROOT, () => void controller.abort(new Error("no more")));
  await assert.rejects(hasty(pool).client.root({ signal: controller.signal }), /no more/);
});

test("a request is ended by its signal between two attempts", async (context) => {
  const pool = await FakePool.for(context);
  pool.misbehave("GET", ROOT, 503, { times: 9, headers: { "Retry-After": "30" } });
  const signal = AbortSignal.timeout(50);
  await assert.rejects(new Client(pool.url).root({ signal }), { name: "TimeoutError" });
  assert.equal(pool.requests.length, 1);
});

test("no request is made with a signal that was given before", async (context) => {
  const pool = await FakePool.for(context);
  await assert.rejects(hasty(pool).client.root({ signal: AbortSignal.abort() }), { name: "AbortError" });
  assert.equal(pool.requests.length, 0);
});

test("an answer that doesn't begin in time is asked for again", async (context) => {
  const pool = await FakePool.for(context);
  pool.misbehave("GET", ROOT, () => undefined);
  assert.equal((await hasty(pool, { timeout: 50 }).client.root()).has("jobs"), true);
});

test("an answer that stops half-way is unreachable", async (context) => {
  const server = createServer((_, response) => response.write("{")).listen(0, "127.0.0.1");
  context.after(() => (server.closeAllConnections(), server.close()));
  await new Promise((resolve) => server.once("listening", resolve));
  const { client } = hasty(`http://127.0.0.1:${server.address().port}/`, { timeout: 50, patience: { attempts: 1 } });
  await assert.rejects(client.root(), /no answer within 0.05 s/);
});

test("an answer has an end", async (context) => {
  const endless = "x".repeat(1 << 20);
  const server = createServer((_, response) => {
    const write = () => {
      while (!response.destroyed && response.write(endless));
      if (!response.destroyed) response.once("drain", write);
    };
    write();
  }).listen(0, "127.0.0.1");
  context.after(() => (server.closeAllConnections(), server.close()));
  await new Promise((resolve) => server.once("listening", resolve));
  const { client } = hasty(`http://127.0.0.1:${server.address().port}/`);
  await assert.rejects(client.root(), /larger than 33554432 bytes/);
});

test("a request shows nothing of the page that it comes from", async () => {
  const sent = [];
  const fetch = async (address, init) => {
    sent.push(init);
    return new Response("{}");
  };
  await new Client("http://pool.example/", { fetch }).root();
  const { credentials, referrerPolicy, redirect, cache } = sent[0];
  assert.deepEqual([credentials, referrerPolicy, redirect, cache], ["omit", "no-referrer", "error", "no-store"]);
});

test("a lease knows how much of it is left", () => {
  let now = 0;
  const headers = new Headers({ "Lease-Seconds": "30" });
  const lease = new Lease({ address: "http://pool.example/", content: {}, headers }, () => now);
  now = 12_000;
  assert.equal(lease.remaining, 18);
});
