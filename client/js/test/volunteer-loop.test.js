// The worker loop: leases, computations, uploads, retries and delays.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Client } from "../lib/client.js";
import { MovingAverages } from "../lib/moving-average.js";
import { unitSeed } from "../lib/seed.js";
import { CUT, eventually, FakePool } from "./fake-pool.js";
import { CountingClient, FakeClock, Held, numbers, Watched } from "./fake-platform.js";

const LEASES = /variables$/;
const RESULTS = /results$/;
const results = (pool, id) => [...pool.jobs.get(id).results.values()].map(({ result }) => result);

const CASES = JSON.parse(readFileSync(new URL("../../../tests/client/retry-cases.json", import.meta.url), "utf8"));
/** What proxies and captive portals respond in a pool's place. */
const FOREIGN = CASES.responses.filter(({ of_pool }) => !of_pool);

const OTHER_SERVICE = { document: { error: "login required" } };

/** The next requests each get one of these responses. */
function intercept(pool, method, path, responses) {
  for (const { status, type = "", location, body } of responses) {
    const headers = { "Content-Type": type, ...(location && { Location: location }) };
    pool.misbehave(method, path, () => ({ status, headers, text: body }));
  }
}

/** A worker that computes its second unit and has prefetched a third one. */
async function withPrefetched(context, prepare = () => {}) {
  const pool = await FakePool.for(context);
  prepare(pool.addJob("doubler", numbers(9)));
  const [clock, held] = [new FakeClock(), new Held()];
  const client = new CountingClient(pool, clock);
  const watched = await Watched.start(context, pool, { clock, client, compute: held.compute });
  await eventually(() => held.units.length === 1);
  held.release();
  await eventually(() => client.leased === 3 && held.units.length === 2);
  return { pool, clock, held, watched };
}

/** Waits until a condition holds, and advances the clock meanwhile, so many seconds at a time. */
const passing = (clock, seconds, condition) =>
  eventually(() => condition() || (clock.waits.length > 0 && void clock.advance(seconds)));

test("every variable is computed and posted", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(6));
  const watched = await Watched.start(context, pool);
  await watched.waitFor("unit", { outcome: "accepted" }, 6);
  assert.deepEqual(results(pool, "doubler"), [0, 2, 4, 6, 8, 10]);
});

test("several workers share the units, each with its own executor", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(8));
  const held = new Held();
  const watched = await Watched.start(context, pool, { workers: 2, compute: held.compute });
  await eventually(() => held.units.length === 2);
  assert.equal(watched.platform.executors.filter(({ units }) => units.length === 1).length, 2);
});

test("before the start there are no requests, and nothing is opened", async (context) => {
  const pool = await FakePool.for(context);
  const watched = new Watched(context, pool);
  assert.deepEqual([pool.requests.length, watched.platform.opened.length, watched.volunteer.state], [0, 0, "idle"]);
});

test("a unit has the function's source, the variable without links, the context, and the seed of both ids", async (context) => {
  const pool = await FakePool.for(context);
  const job = pool.addJob("flowing", [{ a: 1 }, { a: 2 }]);
  job.contexts.set("0000", { from: "below" });
  const held = new Held();
  await Watched.start(context, pool, { compute: held.compute });
  for (const count of [1, 2]) {
    await eventually(() => held.units.length === count);
    held.release();
  }
  const units = held.units.map(({ timeout, ...unit }) => unit);
  const unit = { job: "flowing", source: "of flowing", lossy: false, gpu: false };
  assert.deepEqual(units, [
    { ...unit, variable: '{"a":1}', context: '{"from":"below"}', seed: unitSeed("flowing", "0000") },
    { ...unit, variable: '{"a":2}', context: null, seed: unitSeed("flowing", "0001") },
  ]);
});

test("the starting context is kept when the lease is extended", async (context) => {
  const { pool, clock, held } = await withPrefetched(context, (job) => job.contexts.set("0002", { from: "below" }));
  pool.jobs.get("doubler").contexts.clear();
  clock.advance(26);
  held.release();
  await eventually(() => held.units.length === 3);
  assert.deepEqual(pool.extended, ["0002"]);
  assert.equal(held.units[2].context, '{"from":"below"}');
});

test("a worker keeps its job for a while", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(5));
  const watched = await Watched.start(context, pool);
  await watched.waitFor("unit", {}, 5);
  assert.equal(pool.requestsTo("GET", /scheduled/).length <= 2, true);
});

test("after half a minute the job is chosen anew", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(2));
  const clock = new FakeClock();
  const held = new Held();
  await Watched.start(context, pool, { clock, compute: held.compute });
  await eventually(() => held.units.length === 1);
  clock.advance(31);
  held.release();
  await eventually(() => held.units.length === 2);
  assert.equal(pool.requestsTo("GET", /scheduled/).length, 2);
});

test("when a job has no more variables, the scheduler chooses again", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("first", numbers(2));
  pool.addJob("second", numbers(2));
  const watched = await Watched.start(context, pool);
  await watched.waitFor("unit", { outcome: "accepted" }, 4);
  assert.deepEqual([results(pool, "first").length, results(pool, "second").length], [2, 2]);
});

test("without work it waits for Retry-After, or a little longer", async (context) => {
  const pool = await FakePool.for(context);
  const clock = new FakeClock();
  const watched = await Watched.start(context, pool, { clock });
  await watched.waitFor("worker", { state: "waiting" });
  const [wait] = await eventually(() => clock.waits.length > 0 && clock.waits);
  assert.ok(wait >= 10 && wait <= 12);
});

test("the scheduler is requested at most three times in a row", async (context) => {
  const pool = await FakePool.for(context);
  pool.retryAfter = 90;
  pool.addJob("empty");
  const clock = new FakeClock();
  const watched = await Watched.start(context, pool, { clock });
  await watched.waitFor("worker", { state: "waiting" });
  assert.equal(await eventually(() => clock.waits[0]), 60);
  assert.deepEqual([/scheduled/, LEASES].map((path) => pool.requestsTo("GET", path).length), [3, 1]);
});

for (const [name, requirements] of [["does not exist", undefined], ["has unmet requirements", { webgpu: true }]]) {
  test(`a named job that ${name} is paused for a minute`, async (context) => {
    const pool = await FakePool.for(context);
    if (requirements) pool.addJob("named", numbers(1), { requirements });
    const clock = new FakeClock();
    const watched = await Watched.start(context, pool, { clock, jobs: ["named"] });
    await watched.waitFor("worker", { state: "waiting" });
    const wait = await eventually(() => clock.waits[0]);
    assert.ok(wait >= 60 && wait <= 72);
  });
}

test("work that is added later is found", async (context) => {
  const pool = await FakePool.for(context);
  const clock = new FakeClock();
  const watched = await Watched.start(context, pool, { clock });
  await watched.waitFor("worker", { state: "waiting" });
  pool.addJob("doubler", numbers(1));
  await watched.passes(12);
  await watched.waitFor("unit");
});

test("owners and capabilities are sent to the scheduler", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("of-ada", numbers(1), { metadata: { owner: "ada" } });
  pool.addJob("of-eve", numbers(1), { metadata: { owner: "eve" } });
  const watched = await Watched.start(context, pool, { owners: ["eve"], can: ["wasm", "wasm_simd"] });
  await watched.waitFor("unit", { job: "of-eve" });
  const { query } = pool.requestsTo("GET", /scheduled/)[0];
  assert.equal(query.toString(), "owner=eve&can=wasm&can=wasm_simd&can=json_variables&memory_mb=1024");
});

test("a named scheduler is used", async (context) => {
  const pool = await FakePool.for(context);
  await Watched.start(context, pool, { scheduler: "short-first" });
  await eventually(() => pool.requestsTo("GET", /scheduled\/short-first$/).length > 0);
});

test("only named jobs are computed", async (context) => {
  const pool = await FakePool.for(context);
  for (const id of ["one", "two", "three"]) pool.addJob(id, numbers(2));
  const watched = await Watched.start(context, pool, { jobs: ["one", "three"] });
  await watched.waitFor("unit", { outcome: "accepted" }, 4);
  assert.deepEqual(["one", "two", "three"].map((id) => results(pool, id).length), [2, 0, 2]);
  assert.equal(pool.requestsTo("GET", /scheduled/).length, 0);
});

test("a named job that does not exist is reported, and the others are computed", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("one", numbers(2));
  const watched = await Watched.start(context, pool, { jobs: ["none", "one"] });
  await watched.waitFor("unit", { job: "one" }, 2);
  await watched.waitFor("error", { kind: "pool", job: "none" });
});

for (const [requirements, unmet] of [
  [{ webgpu: true }, "webgpu"],
  [{ memory_mb: 4096 }, "memory_mb"],
  [{ webgpu: false, wasm: true, memory_mb: 9999, quantum: true }, "memory_mb, quantum"],
]) {
  test(`a job that requires ${JSON.stringify(requirements)} is not computed, but reported`, async (context) => {
    const pool = await FakePool.for(context);
    pool.addJob("greedy", numbers(1), { requirements });
    const watched = await Watched.start(context, pool, { jobs: ["greedy"] });
    const { message } = await watched.waitFor("error", { kind: "platform", job: "greedy" });
    assert.equal(message, `requirements not met or not allowed here: ${unmet}`);
    assert.equal(pool.requestsTo("GET", LEASES).length, 0);
  });
}

test("a named job with met requirements is computed", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("modest", numbers(1), { requirements: { wasm: true, webgpu: false, memory_mb: 64 } });
  const watched = await Watched.start(context, pool, { jobs: ["modest"] });
  await watched.waitFor("unit", { outcome: "accepted" });
});

for (const [requirements, allowed] of [
  [{ webgpu: true }, true],
  [{}, false],
  [{ webgpu: false }, false],
]) {
  test(`if WebGPU is allowed, a job with ${JSON.stringify(requirements)} may use it: ${allowed}`, async (context) => {
    const pool = await FakePool.for(context);
    pool.addJob("drawer", numbers(1), { requirements });
    const held = new Held();
    const can = ["webgpu"];
    await Watched.start(context, pool, { jobs: ["drawer"], gpu: true, can, compute: held.compute });
    await eventually(() => held.units.length === 1);
    assert.equal(held.units[0].gpu, allowed);
  });
}

test("the platform is opened with the volunteer's limits", async (context) => {
  const pool = await FakePool.for(context);
  const watched = await Watched.start(context, pool, { gpu: true, memoryMb: 300 });
  const [{ root, gpu, memoryMb }] = watched.platform.opened;
  assert.deepEqual([root.link("sandbox"), gpu, memoryMb], [`${pool.origin}/sandbox`, true, 300]);
});

// ---- prefetch

test("a moving average weighs recent values more", () => {
  const averages = new MovingAverages();
  for (const value of [10, 10, 20]) averages.add("job", value);
  assert.equal(averages.get("job"), 13);
  assert.equal(averages.get("other"), undefined);
});

test("one variable is prefetched while another is computed", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(9));
  const held = new Held();
  const watched = await Watched.start(context, pool, { compute: held.compute });
  await eventually(() => held.units.length === 1);
  assert.equal(pool.requestsTo("GET", LEASES).length, 1, "before the run time is known, none is prefetched");
  held.release();
  await eventually(() => held.units.length === 2 && pool.requestsTo("GET", LEASES).length === 3);
  await watched.waitFor("unit", {}, 1);
  assert.equal(pool.requestsTo("GET", LEASES).length, 3);
  assert.equal(pool.jobs.get("doubler").open.length, 6);
});

test("a job without further variables is no reason to give a prefetched one back", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(3));
  const held = new Held();
  const watched = await Watched.start(context, pool, { compute: held.compute });
  await eventually(() => held.units.length === 1);
  held.release();
  await eventually(() => held.units.length === 2 && pool.requestsTo("GET", LEASES).length === 3);
  watched.volunteer.configure({ workers: 2 });
  await eventually(() => pool.requestsTo("GET", LEASES).length === 4);
  await eventually(() => watched.eventsOf("worker", { number: 2, state: "waiting" }).length > 0);
  held.release();
  await eventually(() => held.units.length === 3);
  assert.deepEqual(pool.returned, []);
});

test("during a long unit the next variable is prefetched shortly before it is needed", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("long", numbers(9));
  const clock = new FakeClock();
  const held = new Held();
  await Watched.start(context, pool, { clock, compute: held.compute });
  await eventually(() => held.units.length === 1);
  held.release(1, 20);
  await eventually(() => held.units.length === 2);
  clock.advance(17.9);
  assert.equal(pool.requestsTo("GET", LEASES).length, 2);
  clock.advance(0.2);
  await eventually(() => pool.requestsTo("GET", LEASES).length === 3);
});

test("a result is posted while the next unit is computed", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(3));
  const held = new Held();
  await Watched.start(context, pool, { compute: held.compute });
  pool.misbehave("POST", RESULTS, () => undefined);
  await eventually(() => held.units.length === 1);
  held.release();
  await eventually(() => pool.requestsTo("POST", RESULTS).length === 1 && held.units.length === 2);
});

test("at most one upload is pending", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(4));
  const held = new Held();
  const watched = await Watched.start(context, pool, { compute: held.compute });
  pool.misbehave("POST", RESULTS, () => undefined);
  for (const count of [1, 2]) {
    await eventually(() => held.units.length === count);
    held.release();
  }
  await watched.waitFor("worker", { state: "waiting", variable: "0001" });
  assert.deepEqual([pool.requestsTo("POST", RESULTS).length, held.units.length], [1, 2]);
});

test("while an upload takes long, what its job has left running is ended", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(4));
  const [clock, held] = [new FakeClock(), new Held()];
  const watched = await Watched.start(context, pool, { clock, compute: held.compute });
  pool.misbehave("POST", RESULTS, () => undefined);
  for (const count of [1, 2]) {
    await eventually(() => held.units.length === count);
    held.release();
  }
  await watched.waitFor("worker", { state: "waiting", variable: "0001" });
  clock.advance(4.9);
  const [executor] = watched.platform.executors;
  assert.equal(executor.resets, 0);
  clock.advance(0.2);
  assert.equal(executor.resets, 1);
});

test("a prefetched lease is extended if too little of it remains", async (context) => {
  const { pool, clock, held } = await withPrefetched(context);
  clock.advance(20);
  held.release();
  await eventually(() => held.units.length === 3);
  assert.deepEqual(pool.extended, ["0002"]);
  assert.equal(held.units[2].timeout, 27_000);
});

test("a prefetched lease is not extended if enough of it remains", async (context) => {
  const { pool, clock, held } = await withPrefetched(context);
  clock.advance(10);
  held.release();
  await eventually(() => held.units.length === 3);
  assert.deepEqual(pool.extended, []);
  assert.equal(held.units[2].timeout, 17_000);
});

test("the result of an extended lease is posted with its new token", async (context) => {
  const { pool, clock, held } = await withPrefetched(context);
  clock.advance(20);
  held.release();
  await eventually(() => held.units.length === 3);
  held.release();
  const [, , third] = await eventually(() => pool.requestsTo("POST", RESULTS).length === 3 && pool.requestsTo("POST", RESULTS));
  assert.notEqual(third.query.get("lease"), "token-2");
});

test("a prefetched lease that is lost is dropped, and the worker continues", async (context) => {
  const { pool, clock, held, watched } = await withPrefetched(context);
  pool.forgetLeases();
  clock.advance(31);
  held.release();
  await eventually(() => held.units.length === 3);
  assert.equal(held.units[2].variable, '{"a":3}');
  assert.deepEqual([watched.eventsOf("error"), pool.returned], [[], []]);
});

test("a prefetched lease that can't be extended during an outage is used as it is", async (context) => {
  const { pool, clock, held, watched } = await withPrefetched(context);
  pool.misbehave("POST", /lease$/, 503);
  clock.advance(20);
  held.release();
  await eventually(() => held.units.length === 3);
  assert.equal(held.units[2].timeout, 7_000);
  const [{ kind, variable, message }, ...more] = watched.eventsOf("error");
  assert.deepEqual([kind, variable, more], ["not-extended", "0002", []]);
  assert.match(message, /503/);
});

// ---- a proxy's responses

for (const [method, path] of [["GET", /scheduled$/], ["GET", LEASES], ["POST", RESULTS]]) {
  test(`responses that are not the pool's to ${method} ${path.source} lose nothing`, async (context) => {
    const pool = await FakePool.for(context);
    pool.addJob("doubler", numbers(2));
    const clock = new FakeClock();
    intercept(pool, method, path, FOREIGN);
    const watched = await Watched.start(context, pool, { clock });
    await passing(clock, 72, () => watched.eventsOf("unit", { outcome: "accepted" }).length === 2);
    assert.deepEqual(results(pool, "doubler"), [0, 2]);
    assert.deepEqual([pool.returned, watched.volunteer.totals.failed], [[], 0]);
    assert.ok(watched.eventsOf("error", { kind: "foreign" }).length >= FOREIGN.length - 1);
  });
}

test("a lease that a cache repeats is not computed again", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(2));
  let lease;
  pool.misbehave("GET", LEASES, (request) => (lease = pool.respond(request)));
  pool.misbehave("GET", LEASES, () => lease, { times: 3 });
  const clock = new FakeClock();
  const watched = await Watched.start(context, pool, { clock });
  await passing(clock, 72, () => watched.eventsOf("unit").length === 2);
  assert.equal(watched.platform.executors[0].units.length, 2);
  assert.match(watched.eventsOf("error", { kind: "foreign" })[0].message, /a lease that was served before$/);
});

test("a response about another variable is not taken for that of a posted result", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(1));
  const document = { _links: { get_variable: "/jobs/doubler/variables/other" } };
  pool.misbehave("POST", RESULTS, () => ({ status: 201, headers: { Location: "/results/1" }, document }), { times: 2 });
  const clock = new FakeClock();
  const watched = await Watched.start(context, pool, { clock });
  await passing(clock, 72, () => watched.eventsOf("unit").length === 1);
  assert.deepEqual(results(pool, "doubler"), [0]);
  assert.match(watched.eventsOf("error", { kind: "foreign" })[0].message, /a response about another variable$/);
});

test("an extended lease of another variable is not taken for that of this one", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(2));
  const client = new Client(pool.url, { retries: { attempts: 1 } });
  const job = await client.job("doubler");
  const [{ items: [mine] }, { items: [other] }] = [await client.lease(job), await client.lease(job)];
  pool.misbehave("POST", /lease$/, () => ({ document: other.content }));
  await assert.rejects(client.extend(mine), { name: "ForeignResponse", message: /another variable$/ });
});

test("a lease that is no document of a pool is not computed", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(1));
  pool.misbehave("GET", LEASES, () => OTHER_SERVICE);
  const clock = new FakeClock();
  const watched = await Watched.start(context, pool, { clock });
  await passing(clock, 1, () => watched.eventsOf("unit", { outcome: "accepted" }).length === 1);
  assert.equal(watched.platform.executors[0].units.length, 1);
});

for (const jobs of [[], ["doubler"]]) {
  test(`a job that is no document of a pool is read again, with the named jobs: ${jobs}`, async (context) => {
    const pool = await FakePool.for(context);
    pool.addJob("doubler", numbers(1));
    pool.misbehave("GET", /(scheduled|doubler)$/, () => OTHER_SERVICE);
    const clock = new FakeClock();
    const watched = await Watched.start(context, pool, { clock, jobs });
    await passing(clock, 1, () => watched.eventsOf("unit", { outcome: "accepted" }).length === 1);
    assert.deepEqual(watched.eventsOf("error"), []);
  });
}

for (const response of [OTHER_SERVICE, { headers: { "Content-Type": "text/html" }, text: "<h1>Hello</h1>" }]) {
  test(`a report that a proxy took is posted again: ${JSON.stringify(response)}`, async (context) => {
    const pool = await FakePool.for(context);
    pool.addJob("broken", numbers(1));
    const [clock, held] = [new FakeClock(), new Held()];
    const watched = await Watched.start(context, pool, { clock, compute: held.compute });
    await eventually(() => held.units.length === 1);
    pool.misbehave("POST", /reports$/, () => response);
    held.fail("threw", "no luck");
    await passing(clock, 1, () => watched.eventsOf("error", { kind: "threw" }).length === 1);
    assert.equal(pool.reports.length, 1);
  });
}

// ---- failures

test("a unit's timeout is a tenth or five seconds shorter than its lease", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(2));
  const held = new Held();
  await Watched.start(context, pool, { clock: new FakeClock(), compute: held.compute });
  await eventually(() => held.units.length === 1);
  pool.leaseSeconds = 300;
  held.release();
  await eventually(() => held.units.length === 2);
  assert.deepEqual(held.units.map(({ timeout }) => timeout), [27_000, 295_000]);
});

test("a unit that exceeds its lease is a failure, and an event", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("endless", numbers(1));
  const held = new Held();
  const watched = await Watched.start(context, pool, { compute: held.compute });
  await eventually(() => held.units.length === 1);
  held.fail("timeout", "the deadline has passed");
  const error = await watched.waitFor("error", { kind: "timeout" });
  assert.deepEqual([error.job, error.jobName, error.variable, error.worker], ["endless", "The endless", "0000", 1]);
  assert.deepEqual(pool.reports.map(({ variable }) => variable), ["0000"]);
  assert.equal(watched.volunteer.totals.failed, 1);
});

test("a lost sandbox is a failure like others: the unit is given back and the worker continues", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("greedy", numbers(2));
  const held = new Held();
  const watched = await Watched.start(context, pool, { compute: held.compute });
  await eventually(() => held.units.length === 1);
  held.fail("sandbox");
  await watched.waitFor("error", { kind: "sandbox" });
  await eventually(() => held.units.length === 2);
  assert.deepEqual(pool.returned, ["0000"]);
});

test("an executor's error that is no JobError counts as a crash", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(1));
  const compute = () => {
    throw new RangeError("unexpected");
  };
  const watched = await Watched.start(context, pool, { compute });
  await watched.waitFor("error", { kind: "crash", message: "unexpected" });
});

test("that a unit could not be given back is part of the event", async (context) => {
  const pool = await FakePool.for(context);
  pool.takesReports = false;
  pool.addJob("broken", numbers(1));
  pool.misbehave("DELETE", /lease$/, 500);
  const held = new Held();
  const watched = await Watched.start(context, pool, { compute: held.compute });
  await eventually(() => held.units.length === 1);
  held.fail("threw", "Error: no luck");
  await watched.waitFor("error", { kind: "threw", message: "Error: no luck (and could not be given back)" });
});

test("a unit with a lost lease need not be given back", async (context) => {
  const pool = await FakePool.for(context);
  pool.takesReports = false;
  pool.addJob("broken", numbers(1));
  const held = new Held();
  const watched = await Watched.start(context, pool, { compute: held.compute });
  await eventually(() => held.units.length === 1);
  pool.forgetLeases();
  held.fail("timeout", "the deadline has passed");
  await watched.waitFor("error", { kind: "timeout", message: "the deadline has passed" });
});

/** A volunteer whose only job has failed three times in a row. */
async function failedThrice(context) {
  const pool = await FakePool.for(context);
  pool.addJob("broken", numbers(9));
  const clock = new FakeClock();
  const held = new Held();
  const watched = await Watched.start(context, pool, { clock, compute: held.compute });
  for (const count of [1, 2, 3]) {
    await passing(clock, 2, () => held.units.length === count);
    held.fail("threw");
  }
  return { pool, clock, held, watched };
}

test("after three failures in a row a job is paused for half a minute", async (context) => {
  const { pool, clock, held, watched } = await failedThrice(context);
  const { message, job } = await watched.waitFor("error", { kind: "backoff" });
  assert.deepEqual([job, message], ["broken", "failed several times in a row: paused for 30 s"]);
  const failed = clock.now();
  while (clock.now() < failed + 20_000) {
    const before = pool.requestsTo("GET", /^\/jobs\/scheduled/).length;
    await passing(clock, 1, () => pool.requestsTo("GET", /^\/jobs\/scheduled/).length > before);
  }
  assert.equal(held.units.length, 3);
  assert.equal(pool.jobs.get("broken").open.length, 9);
});

test("while a failing job is paused, the scheduler is asked for another every few seconds", async (context) => {
  const { pool, clock, held, watched } = await failedThrice(context);
  await watched.waitFor("error", { kind: "backoff" });
  assert.equal(await eventually(() => clock.waits[0]), 5);
  pool.jobs.get("broken").open.length = 0;
  pool.addJob("sound", numbers(1));
  await passing(clock, 6, () => held.units.length === 4);
  assert.equal(held.units[3].job, "sound");
});

test("while the variables of a failed job are kept for others, another job is asked for soon", async (context) => {
  const pool = await FakePool.for(context);
  pool.retryAfter = 15;
  pool.addJob("broken", numbers(1));
  const [clock, held] = [new FakeClock(), new Held()];
  const watched = await Watched.start(context, pool, { clock, compute: held.compute });
  await eventually(() => held.units.length === 1);
  pool.jobs.get("broken").open.push = () => {};
  held.fail("threw");
  await watched.waitFor("error", { kind: "threw" });
  await passing(clock, 1, () => pool.requestsTo("GET", LEASES).length === 2);
  assert.equal(await eventually(() => clock.waits[0]), 5);
});

test("a prefetched task of a job that keeps failing is given back", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("moody", numbers(9));
  const clock = new FakeClock();
  const held = new Held();
  const watched = await Watched.start(context, pool, { clock, compute: held.compute });
  await eventually(() => held.units.length === 1);
  held.release();
  for (const count of [2, 3, 4]) {
    await passing(clock, 2, () => held.units.length === count);
    await eventually(() => pool.requestsTo("GET", LEASES).length > count);
    held.fail("threw");
  }
  await watched.waitFor("error", { kind: "backoff" });
  await eventually(() => pool.jobs.get("moody").open.length === 8);
});

// ---- results

test("a rejected result is reported with the reason", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", [{ a: 21 }]);
  pool.validate = (result) => `${result} is wrong`;
  const watched = await Watched.start(context, pool);
  const unit = await watched.waitFor("unit", { outcome: "rejected" });
  assert.equal(unit.reason, "42 is wrong");
  assert.equal(watched.volunteer.totals.rejected, 1);
});

test("a late result is counted", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(1));
  pool.misbehave("POST", RESULTS, 409);
  const watched = await Watched.start(context, pool);
  await watched.waitFor("unit", { outcome: "late" });
  assert.equal(watched.volunteer.totals.late, 1);
});

test("a result that is refused is not posted again", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(1));
  pool.misbehave("POST", RESULTS, 410);
  const watched = await Watched.start(context, pool);
  await watched.waitFor("unit", { outcome: "refused", reason: "misbehaving" });
  assert.equal(pool.requestsTo("POST", RESULTS).length, 1);
});

test("a result is kept while the pool can't store it", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(1));
  pool.misbehave("POST", RESULTS, 507, { times: 3 });
  const clock = new FakeClock();
  const watched = await Watched.start(context, pool, { clock });
  await passing(clock, 60, () => watched.eventsOf("unit").length > 0);
  assert.equal(watched.eventsOf("unit")[0].outcome, "accepted");
  assert.match(watched.eventsOf("error", { kind: "offline" })[0].message, /^the result is kept: /);
});

test("a result that causes server errors is given up after five attempts", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(1));
  pool.misbehave("POST", RESULTS, 500, { times: 9 });
  const clock = new FakeClock();
  const watched = await Watched.start(context, pool, { clock });
  await passing(clock, 60, () => watched.eventsOf("unit").length > 0);
  assert.equal(watched.eventsOf("unit")[0].outcome, "refused");
  assert.equal(pool.requestsTo("POST", RESULTS).length, 5);
});

test("a result is counted once, even if the connection is lost after it was posted", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(1));
  pool.misbehave("POST", RESULTS, CUT);
  const watched = await Watched.start(context, pool);
  await watched.waitFor("unit", { outcome: "accepted" });
  assert.deepEqual([watched.volunteer.totals.units, results(pool, "doubler").length], [1, 1]);
  assert.deepEqual(watched.eventsOf("error"), [], "a single short failure is not reported");
});

// ---- a pool that is offline

test("an outage is reported, and the work continues after it", async (context) => {
  const pool = await FakePool.for(context);
  const clock = new FakeClock();
  const watched = await Watched.start(context, pool, { clock });
  await watched.waitFor("worker", { state: "waiting" });
  const comeBack = await pool.goOffline();
  await passing(clock, 60, () => watched.eventsOf("error", { kind: "offline" }).length > 1);
  pool.addJob("doubler", numbers(1));
  comeBack();
  await passing(clock, 60, () => watched.eventsOf("unit").length > 0);
  assert.equal(watched.volunteer.state, "running");
});

test("a pool that is offline at the start is waited for", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(1));
  pool.misbehave("GET", /^\/$/, 503, { times: 3 });
  const clock = new FakeClock();
  const watched = await Watched.start(context, pool, { clock });
  assert.equal(watched.volunteer.state, "running");
  await passing(clock, 60, () => watched.eventsOf("unit").length > 0);
});

test("during an outage requests become less frequent", async (context) => {
  const pool = await FakePool.for(context);
  pool.misbehave("GET", /scheduled/, 503, { times: 99 });
  const clock = new FakeClock();
  const watched = await Watched.start(context, pool, { clock });
  const waits = [];
  while (waits.length < 10) {
    waits.push(await eventually(() => watched.volunteer.workers[0].state === "waiting" && clock.waits[0]));
    clock.advance(waits.at(-1) + 0.001);
  }
  assert.ok(waits[0] < 0.7 && waits.at(-1) > 40 && waits.at(-1) <= 72);
});

test("a pool's refusal is reported, and the request repeated later", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(1));
  pool.misbehave("GET", /scheduled/, 403);
  const clock = new FakeClock();
  const watched = await Watched.start(context, pool, { clock });
  await watched.waitFor("error", { kind: "pool", worker: 1 });
  await watched.passes(1);
  await watched.waitFor("unit");
});
