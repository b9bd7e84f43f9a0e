// A pool that defers a volunteer because of a limit, or whose operator has blocked it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Blocked, Client } from "../index.js";
import { POLICY } from "../lib/retry-policy.js";
import { eventually, FakePool } from "./fake-pool.js";
import { FakeClock, Held, numbers, Watched } from "./fake-platform.js";

const LEASES = /variables$/;
const RESULTS = /results$/;
const LIMIT = "urn:comp-pool:limit";
const BLOCKED = "urn:comp-pool:blocked";
const kinds = (watched) => watched.eventsOf("error").map(({ kind }) => kind);

/** A volunteer whose requests to a path are deferred, once, for so many seconds. */
async function deferred(context, method, path, seconds, type = LIMIT) {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(1));
  pool.problemType = type;
  pool.misbehave(method, path, 429, { headers: { "Retry-After": String(seconds) } });
  const clock = new FakeClock();
  const watched = await Watched.start(context, pool, { clock });
  const requests = await eventually(() => pool.requestsTo(method, path).length === 1 && pool.requestsTo(method, path));
  // Shorter ones end the executor while a response is waited for.
  const wait = await eventually(() => clock.waits.find((waiting) => waiting > POLICY.executorIdle));
  return { pool, clock, watched, requests, wait };
}

const ROUTES = { "a start": ["GET", /^\/$/], "a lease": ["GET", LEASES], "a result": ["POST", RESULTS] };
for (const [name, [method, path]] of Object.entries(ROUTES)) {
  test(`a limit on ${name} is waited for in silence`, async (context) => {
    const { clock, watched, wait } = await deferred(context, method, path, 20);
    assert.ok(wait >= 20 && wait <= 24);
    clock.advance(24);
    await watched.waitFor("unit", { outcome: "accepted" });
    assert.deepEqual(kinds(watched), []);
  });

  test(`a long limit on ${name} is told with what raises it`, async (context) => {
    const { clock, watched, wait } = await deferred(context, method, path, 120);
    assert.ok(wait >= 120 && wait <= 144);
    const { message } = await watched.waitFor("error");
    assert.match(message, /misbehaving/);
    clock.advance(144);
    await watched.waitFor("unit", { outcome: "accepted" });
    assert.deepEqual(kinds(watched), ["limit"]);
  });
}

test("a 429 of another type is an outage", async (context) => {
  const { watched } = await deferred(context, "GET", LEASES, 120, "about:blank");
  await watched.waitFor("error", { kind: "offline" });
});

test("the block of a client has the operator's reason, and is not retried", async (context) => {
  const pool = await FakePool.for(context);
  pool.problemType = BLOCKED;
  pool.misbehave("GET", /./, 403, { times: 9 });
  await assert.rejects(new Client(pool.url).root(), (ex) => {
    assert.ok(ex instanceof Blocked);
    assert.deepEqual([ex.status, ex.detail, ex.message], [403, "misbehaving", "misbehaving"]);
    return true;
  });
  assert.equal(pool.requests.length, 1);
});

test("a volunteer that is blocked does not start", async (context) => {
  const pool = await FakePool.for(context);
  pool.problemType = BLOCKED;
  pool.misbehave("GET", /^\/$/, 403);
  const watched = await Watched.start(context, pool);
  assert.equal(watched.volunteer.state, "stopped");
  assert.deepEqual(watched.eventsOf("error").map(({ kind, message }) => [kind, message]), [["blocked", "misbehaving"]]);
});

test("all workers of a volunteer that is blocked stop with one error, and without a lease", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("long", numbers(9));
  const held = new Held();
  const watched = await Watched.start(context, pool, { workers: 2, compute: held.compute });
  await eventually(() => held.units.length === 2);
  pool.problemType = BLOCKED;
  pool.misbehave("GET", LEASES, 403, { times: Infinity });
  held.release();
  held.release();
  await watched.waitFor("state", { state: "stopped" });
  assert.deepEqual(kinds(watched), ["blocked"]);
  assert.equal(pool.jobs.get("long").results.size + pool.returned.length, 2);
});

test("a 403 of another type is a refusal that may end", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(1));
  pool.misbehave("GET", LEASES, 403);
  const clock = new FakeClock();
  const watched = await Watched.start(context, pool, { clock });
  await watched.waitFor("error", { kind: "pool" });
  await watched.passes(1);
  await watched.waitFor("unit");
});
