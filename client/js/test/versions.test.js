// A pool that requires a newer client: the volunteer says so once, and stops.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Client, JobError, Outdated } from "../index.js";
import { eventually, FakePool } from "./fake-pool.js";
import { FakePlatform, Held, numbers, Watched } from "./fake-platform.js";

const LEASES = /variables$/;
const OUTDATED = "urn:comp-pool:outdated";
const errors = (watched) => watched.eventsOf("error").map(({ kind, message }) => [kind, message]);

for (const protocol of [undefined, 1, 0, "x", null]) {
  test(`a pool of protocol ${protocol} is understood`, async (context) => {
    const pool = await FakePool.for(context);
    pool.rootFields = { protocol };
    assert.ok(await new Client(pool.url).root());
  });
}

test("a pool of a later protocol is refused", async (context) => {
  const pool = await FakePool.for(context);
  pool.rootFields = { protocol: 2 };
  await assert.rejects(new Client(pool.url).root(), (ex) => {
    assert.ok(ex instanceof Outdated);
    assert.match(ex.message, /protocol 2, and this client 1/);
    return true;
  });
});

test("the problem names the remedy, and is not retried", async (context) => {
  const pool = await FakePool.for(context);
  pool.problemType = OUTDATED;
  pool.misbehave("GET", /./, 503, { times: 9 });
  await assert.rejects(new Client(pool.url).root(), (ex) => {
    assert.ok(ex instanceof Outdated);
    assert.equal(ex.detail, "misbehaving");
    return true;
  });
  assert.equal(pool.requests.length, 1);
});

test("all workers stop with one error, and without a lease", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("long", numbers(9));
  const held = new Held();
  const watched = await Watched.start(context, pool, { workers: 2, compute: held.compute });
  await eventually(() => held.units.length === 2);
  pool.problemType = OUTDATED;
  pool.misbehave("GET", LEASES, 400, { times: Infinity });
  held.release();
  held.release();
  await watched.waitFor("state", { state: "stopped" });
  assert.equal(watched.eventsOf("error", { kind: "outdated" }).length, 1);
  assert.equal(watched.eventsOf("error").length, 1);
  const { results } = pool.jobs.get("long");
  assert.equal(results.size + pool.returned.length, 2);
});

test("a volunteer does not start with a pool of a later protocol", async (context) => {
  const pool = await FakePool.for(context);
  pool.rootFields = { protocol: 2 };
  const watched = await Watched.start(context, pool);
  assert.equal(watched.volunteer.state, "stopped");
  assert.match(watched.eventsOf("error", { kind: "outdated" })[0].message, /protocol 2/);
});

test("a sandbox of a later version is an outdated client", async (context) => {
  const pool = await FakePool.for(context);
  const platform = new FakePlatform({});
  platform.open = async () => {
    throw new JobError("outdated", "reload the page");
  };
  const watched = await Watched.start(context, pool, { platform });
  assert.equal(watched.volunteer.state, "stopped");
  assert.deepEqual(errors(watched), [["outdated", "reload the page"]]);
});

test("a sandbox that is replaced by one of a later version is no fault of the job", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("long", numbers(3));
  const compute = async () => {
    throw new JobError("outdated", "reload the page");
  };
  const watched = await Watched.start(context, pool, { workers: 2, compute });
  await watched.waitFor("state", { state: "stopped" });
  assert.deepEqual(errors(watched), [["outdated", "reload the page"]]);
  const { failed, returned } = watched.volunteer.totals;
  assert.equal(failed, 0);
  assert.equal(returned, pool.returned.length);
  assert.ok(returned > 0);
});
