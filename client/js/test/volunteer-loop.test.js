// A volunteer's loop: what it leases, computes, posts, gives back, and when it waits.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CUT, FakePool, until } from "./fake-pool.js";
import { CountingClient, FakeClock, Held, numbers, Watched } from "./fake-platform.js";

const LEASES = /variables$/;
const RESULTS = /results$/;
const results = (pool, id) => [...pool.jobs.get(id).results.values()].map(({ result }) => result);

/** A worker that computes its second unit, while a third is there already. */
async function oneAhead(context, prepare = () => {}) {
  const pool = await FakePool.for(context);
  prepare(pool.addJob("doubler", numbers(9)));
  const [clock, held] = [new FakeClock(), new Held()];
  const client = new CountingClient(pool, clock);
  const watched = await Watched.start(context, pool, { clock, client, compute: held.compute });
  await until(() => held.units.length === 1);
  held.release();
  await until(() => client.lent === 3 && held.units.length === 2);
  return { pool, clock, held, watched };
}

/** Waits until a fact holds, and lets time pass meanwhile, so many seconds at a time. */
const passing = (clock, seconds, fact) =>
  until(() => fact() || (clock.waits.length > 0 && void clock.advance(seconds)));

test("every variable is computed and posted", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(6));
  const watched = await Watched.start(context, pool);
  await watched.hears("unit", { outcome: "accepted" }, 6);
  assert.deepEqual(results(pool, "doubler"), [0, 2, 4, 6, 8, 10]);
});

test("several workers share the units, each with a computer of its own", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(8));
  const held = new Held();
  const watched = await Watched.start(context, pool, { workers: 2, compute: held.compute });
  await until(() => held.units.length === 2);
  assert.equal(watched.platform.computers.filter(({ units }) => units.length === 1).length, 2);
});

test("nothing is asked and nothing opened before the start", async (context) => {
  const pool = await FakePool.for(context);
  const watched = new Watched(context, pool);
  assert.deepEqual([pool.requests.length, watched.platform.opened.length, watched.volunteer.state], [0, 0, "idle"]);
});

test("the function's source, the variable without links, and the context are what is computed", async (context) => {
  const pool = await FakePool.for(context);
  const job = pool.addJob("flowing", [{ a: 1 }, { a: 2 }]);
  job.contexts.set("0000", { from: "below" });
  const held = new Held();
  await Watched.start(context, pool, { compute: held.compute });
  for (const count of [1, 2]) {
    await until(() => held.units.length === count);
    held.release();
  }
  const shown = held.units.map(({ milliseconds, ...unit }) => unit);
  const unit = { job: "flowing", source: "of flowing", gpu: false };
  assert.deepEqual(shown, [
    { ...unit, variable: '{"a":1}', context: '{"from":"below"}' },
    { ...unit, variable: '{"a":2}', context: null },
  ]);
});

test("the context that was served is kept when the lease is extended", async (context) => {
  const { pool, clock, held } = await oneAhead(context, (job) => job.contexts.set("0002", { from: "below" }));
  pool.jobs.get("doubler").contexts.clear();
  clock.advance(26);
  held.release();
  await until(() => held.units.length === 3);
  assert.deepEqual(pool.extended, ["0002"]);
  assert.equal(held.units[2].context, '{"from":"below"}');
});

test("a worker stays with its job for a while", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(5));
  const watched = await Watched.start(context, pool);
  await watched.hears("unit", {}, 5);
  assert.equal(pool.asked("GET", /scheduled/).length <= 2, true);
});

test("after half a minute a job is chosen anew", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(2));
  const clock = new FakeClock();
  const held = new Held();
  await Watched.start(context, pool, { clock, compute: held.compute });
  await until(() => held.units.length === 1);
  clock.advance(31);
  held.release();
  await until(() => held.units.length === 2);
  assert.equal(pool.asked("GET", /scheduled/).length, 2);
});

test("when a job has nothing more the scheduler is asked again", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("first", numbers(2));
  pool.addJob("second", numbers(2));
  const watched = await Watched.start(context, pool);
  await watched.hears("unit", { outcome: "accepted" }, 4);
  assert.deepEqual([results(pool, "first").length, results(pool, "second").length], [2, 2]);
});

test("where there is nothing to do it waits as long as it was asked to, and a little", async (context) => {
  const pool = await FakePool.for(context);
  const clock = new FakeClock();
  const watched = await Watched.start(context, pool, { clock });
  await watched.hears("worker", { state: "waiting" });
  const [wait] = await until(() => clock.waits.length > 0 && clock.waits);
  assert.ok(wait >= 10 && wait <= 12);
});

test("work that comes later is found", async (context) => {
  const pool = await FakePool.for(context);
  const clock = new FakeClock();
  const watched = await Watched.start(context, pool, { clock });
  await watched.hears("worker", { state: "waiting" });
  pool.addJob("doubler", numbers(1));
  await watched.passes(12);
  await watched.hears("unit");
});

test("only jobs of the named owners are asked for, and what it can is said", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("of-ada", numbers(1), { metadata: { owner: "ada" } });
  pool.addJob("of-eve", numbers(1), { metadata: { owner: "eve" } });
  const watched = await Watched.start(context, pool, { owners: ["eve"], can: ["wasm", "wasm_simd"] });
  await watched.hears("unit", { job: "of-eve" });
  const { query } = pool.asked("GET", /scheduled/)[0];
  assert.equal(query.toString(), "owner=eve&can=wasm&can=wasm_simd&memory_mb=1024");
});

test("a named scheduler is the one that is asked", async (context) => {
  const pool = await FakePool.for(context);
  await Watched.start(context, pool, { scheduler: "short-first" });
  await until(() => pool.asked("GET", /scheduled\/short-first$/).length > 0);
});

test("named jobs are the only ones", async (context) => {
  const pool = await FakePool.for(context);
  for (const id of ["one", "two", "three"]) pool.addJob(id, numbers(2));
  const watched = await Watched.start(context, pool, { jobs: ["one", "three"] });
  await watched.hears("unit", { outcome: "accepted" }, 4);
  assert.deepEqual(["one", "two", "three"].map((id) => results(pool, id).length), [2, 0, 2]);
  assert.equal(pool.asked("GET", /scheduled/).length, 0);
});

test("a named job that is not there is said once, and the others go on", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("one", numbers(2));
  const watched = await Watched.start(context, pool, { jobs: ["none", "one"] });
  await watched.hears("unit", { job: "one" }, 2);
  await watched.hears("error", { kind: "pool", job: "none" });
});

for (const [requirements, missing] of [
  [{ webgpu: true }, "webgpu"],
  [{ memory_mb: 4096 }, "memory_mb"],
  [{ webgpu: false, wasm: true, memory_mb: 9999, quantum: true }, "memory_mb, quantum"],
]) {
  test(`a job that requires ${JSON.stringify(requirements)} is not computed, and that is said`, async (context) => {
    const pool = await FakePool.for(context);
    pool.addJob("greedy", numbers(1), { requirements });
    const watched = await Watched.start(context, pool, { jobs: ["greedy"] });
    const { message } = await watched.hears("error", { kind: "platform", job: "greedy" });
    assert.equal(message, `it requires what is not there or not allowed: ${missing}`);
    assert.equal(pool.asked("GET", LEASES).length, 0);
  });
}

test("a named job whose requirements are met is computed", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("modest", numbers(1), { requirements: { wasm: true, webgpu: false, memory_mb: 64 } });
  const watched = await Watched.start(context, pool, { jobs: ["modest"] });
  await watched.hears("unit", { outcome: "accepted" });
});

for (const [requirements, allowed] of [
  [{ webgpu: true }, true],
  [{}, false],
  [{ webgpu: false }, false],
]) {
  test(`where WebGPU is allowed, a job of ${JSON.stringify(requirements)} gets it: ${allowed}`, async (context) => {
    const pool = await FakePool.for(context);
    pool.addJob("drawer", numbers(1), { requirements });
    const held = new Held();
    const can = ["webgpu"];
    await Watched.start(context, pool, { jobs: ["drawer"], gpu: true, can, compute: held.compute });
    await until(() => held.units.length === 1);
    assert.equal(held.units[0].gpu, allowed);
  });
}

test("the platform is opened with what the volunteer allows", async (context) => {
  const pool = await FakePool.for(context);
  const watched = await Watched.start(context, pool, { gpu: true, memoryMb: 300 });
  const [{ root, gpu, memoryMb }] = watched.platform.opened;
  assert.deepEqual([root.link("sandbox"), gpu, memoryMb], [`${pool.origin}/sandbox`, true, 300]);
});

// ---- one ahead

test("the next variable is fetched while one is computed, and no more than that one", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(9));
  const held = new Held();
  const watched = await Watched.start(context, pool, { compute: held.compute });
  await until(() => held.units.length === 1);
  assert.equal(pool.asked("GET", LEASES).length, 1, "before it is known how long the job takes, none is fetched ahead");
  held.release();
  await until(() => held.units.length === 2 && pool.asked("GET", LEASES).length === 3);
  await watched.hears("unit", {}, 1);
  assert.equal(pool.asked("GET", LEASES).length, 3);
  assert.equal(pool.jobs.get("doubler").open.length, 6);
});

test("that a job has nothing more to offer is no reason to give back the one ahead", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(3));
  const held = new Held();
  const watched = await Watched.start(context, pool, { compute: held.compute });
  await until(() => held.units.length === 1);
  held.release();
  await until(() => held.units.length === 2 && pool.asked("GET", LEASES).length === 3);
  watched.volunteer.configure({ workers: 2 });
  await until(() => pool.asked("GET", LEASES).length === 4);
  await until(() => watched.of("worker", { number: 2, state: "waiting" }).length > 0);
  held.release();
  await until(() => held.units.length === 3);
  assert.deepEqual(pool.given, []);
});

test("with a job that takes long the next variable is fetched shortly before it is needed", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("long", numbers(9));
  const clock = new FakeClock();
  const held = new Held();
  await Watched.start(context, pool, { clock, compute: held.compute });
  await until(() => held.units.length === 1);
  held.release(1, 20);
  await until(() => held.units.length === 2);
  clock.advance(18.9);
  assert.equal(pool.asked("GET", LEASES).length, 2);
  clock.advance(0.2);
  await until(() => pool.asked("GET", LEASES).length === 3);
});

test("a result is posted while the next unit is computed", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(3));
  const held = new Held();
  await Watched.start(context, pool, { compute: held.compute });
  pool.misbehave("POST", RESULTS, () => undefined);
  await until(() => held.units.length === 1);
  held.release();
  await until(() => pool.asked("POST", RESULTS).length === 1 && held.units.length === 2);
});

test("one post is outstanding at most", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(4));
  const held = new Held();
  const watched = await Watched.start(context, pool, { compute: held.compute });
  pool.misbehave("POST", RESULTS, () => undefined);
  for (const count of [1, 2]) {
    await until(() => held.units.length === count);
    held.release();
  }
  await watched.hears("worker", { state: "waiting", variable: "0001" });
  assert.deepEqual([pool.asked("POST", RESULTS).length, held.units.length], [1, 2]);
});

test("a lease ahead that has become short is extended before it is computed", async (context) => {
  const { pool, clock, held } = await oneAhead(context);
  clock.advance(20);
  held.release();
  await until(() => held.units.length === 3);
  assert.deepEqual(pool.extended, ["0002"]);
  assert.equal(held.units[2].milliseconds, 27_000);
});

test("a lease ahead that is long enough is not extended", async (context) => {
  const { pool, clock, held } = await oneAhead(context);
  clock.advance(10);
  held.release();
  await until(() => held.units.length === 3);
  assert.deepEqual(pool.extended, []);
  assert.equal(held.units[2].milliseconds, 17_000);
});

test("the result of an extended lease is posted with its new token", async (context) => {
  const { pool, clock, held } = await oneAhead(context);
  clock.advance(20);
  held.release();
  await until(() => held.units.length === 3);
  held.release();
  const [, , third] = await until(() => pool.asked("POST", RESULTS).length === 3 && pool.asked("POST", RESULTS));
  assert.notEqual(third.query.get("lease"), "token-2");
});

test("a lease ahead that was lost is dropped, and the worker goes on", async (context) => {
  const { pool, clock, held, watched } = await oneAhead(context);
  pool.forgetLeases();
  clock.advance(31);
  held.release();
  await until(() => held.units.length === 3);
  assert.equal(held.units[2].variable, '{"a":3}');
  assert.deepEqual([watched.of("error"), pool.given], [[], []]);
});

test("a lease ahead that can't be extended now is computed in what is left of it", async (context) => {
  const { pool, clock, held } = await oneAhead(context);
  pool.misbehave("POST", /lease$/, 503);
  clock.advance(20);
  held.release();
  await until(() => held.units.length === 3);
  assert.equal(held.units[2].milliseconds, 7_000);
});

// ---- failures

test("a unit is to be done before its lease ends: by a tenth, or five seconds", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(2));
  const held = new Held();
  await Watched.start(context, pool, { clock: new FakeClock(), compute: held.compute });
  await until(() => held.units.length === 1);
  pool.leaseSeconds = 300;
  held.release();
  await until(() => held.units.length === 2);
  assert.deepEqual(held.units.map(({ milliseconds }) => milliseconds), [27_000, 295_000]);
});

test("a unit that overruns its lease is given back, and that is said", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("endless", numbers(1));
  const held = new Held();
  const watched = await Watched.start(context, pool, { compute: held.compute });
  await until(() => held.units.length === 1);
  held.fail("timeout", "it was not done by its deadline");
  const error = await watched.hears("error", { kind: "timeout" });
  assert.deepEqual([error.job, error.jobName, error.variable, error.worker], ["endless", "The endless", "0000", 1]);
  assert.deepEqual(pool.given, ["0000"]);
  assert.equal(watched.volunteer.totals.failed, 1);
});

test("a lost sandbox is a failure like another: the unit is given back and the worker goes on", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("greedy", numbers(2));
  const held = new Held();
  const watched = await Watched.start(context, pool, { compute: held.compute });
  await until(() => held.units.length === 1);
  held.fail("cage");
  await watched.hears("error", { kind: "cage" });
  await until(() => held.units.length === 2);
  assert.deepEqual(pool.given, ["0000"]);
});

test("what a computer throws that is no JobError counts as a crash", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(1));
  const compute = () => {
    throw new RangeError("not foreseen");
  };
  const watched = await Watched.start(context, pool, { compute });
  await watched.hears("error", { kind: "crash", message: "not foreseen" });
});

test("a unit that can't be given back is said to be so", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("broken", numbers(1));
  pool.misbehave("DELETE", /lease$/, 500);
  const held = new Held();
  const watched = await Watched.start(context, pool, { compute: held.compute });
  await until(() => held.units.length === 1);
  held.fail("threw", "Error: no luck");
  await watched.hears("error", { kind: "threw", message: "Error: no luck (and could not be given back)" });
});

test("a unit whose lease was lost meanwhile need not be given back", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("broken", numbers(1));
  const held = new Held();
  const watched = await Watched.start(context, pool, { compute: held.compute });
  await until(() => held.units.length === 1);
  pool.forgetLeases();
  held.fail("timeout", "it was not done by its deadline");
  await watched.hears("error", { kind: "timeout", message: "it was not done by its deadline" });
});

/** A volunteer whose one job has failed three times in a row. */
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

test("after three failures in a row a job is left aside for half a minute", async (context) => {
  const { pool, clock, held, watched } = await failedThrice(context);
  const { message, job } = await watched.hears("error", { kind: "aside" });
  assert.deepEqual([job, message], ["broken", "it failed several times in a row: left aside for 30 s"]);
  const failed = clock.now();
  while (clock.now() < failed + 20_000) {
    const asked = pool.asked("GET", /^\/jobs\/scheduled/).length;
    await passing(clock, 1, () => pool.asked("GET", /^\/jobs\/scheduled/).length > asked);
  }
  assert.equal(held.units.length, 3);
  assert.equal(pool.jobs.get("broken").open.length, 9);
});

test("while a job is left aside for failing, the scheduler is asked every few seconds for another", async (context) => {
  const { pool, clock, held, watched } = await failedThrice(context);
  await watched.hears("error", { kind: "aside" });
  pool.jobs.get("broken").open.length = 0;
  pool.addJob("sound", numbers(1));
  await passing(clock, 6, () => held.units.length === 4);
  assert.equal(held.units[3].job, "sound");
});

test("a job left aside by another worker is not computed from the lease ahead", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("moody", numbers(9));
  const clock = new FakeClock();
  const held = new Held();
  const watched = await Watched.start(context, pool, { clock, compute: held.compute });
  await until(() => held.units.length === 1);
  held.release();
  for (const count of [2, 3, 4]) {
    await passing(clock, 2, () => held.units.length === count);
    await until(() => pool.asked("GET", LEASES).length > count);
    held.fail("threw");
  }
  await watched.hears("error", { kind: "aside" });
  await until(() => pool.jobs.get("moody").open.length === 8);
});

// ---- results

test("a result that the pool found wrong is told with the reason", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", [{ a: 21 }]);
  pool.validate = (result) => `${result} is wrong`;
  const watched = await Watched.start(context, pool);
  const unit = await watched.hears("unit", { outcome: "rejected" });
  assert.equal(unit.reason, "42 is wrong");
  assert.equal(watched.volunteer.totals.rejected, 1);
});

test("a result that comes too late is counted so", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(1));
  pool.misbehave("POST", RESULTS, 409);
  const watched = await Watched.start(context, pool);
  await watched.hears("unit", { outcome: "late" });
  assert.equal(watched.volunteer.totals.late, 1);
});

for (const status of [400, 403, 410, 413]) {
  test(`a result that is refused with ${status} is not posted again`, async (context) => {
    const pool = await FakePool.for(context);
    pool.addJob("doubler", numbers(1));
    pool.misbehave("POST", RESULTS, status);
    const watched = await Watched.start(context, pool);
    await watched.hears("unit", { outcome: "refused", reason: "misbehaving" });
    assert.equal(pool.asked("POST", RESULTS).length, 1);
  });
}

for (const status of [429, 500, 502, 503, 504, 507]) {
  test(`a result is kept while the pool answers ${status}`, async (context) => {
    const pool = await FakePool.for(context);
    pool.addJob("doubler", numbers(1));
    pool.misbehave("POST", RESULTS, status, { times: 3 });
    const clock = new FakeClock();
    const watched = await Watched.start(context, pool, { clock });
    await passing(clock, 60, () => watched.of("unit").length > 0);
    assert.equal(watched.of("unit")[0].outcome, "accepted");
    assert.match(watched.of("error", { kind: "offline" })[0].message, /^the result is kept: /);
  });
}

test("a result that keeps the pool failing is given up after five times", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(1));
  pool.misbehave("POST", RESULTS, 500, { times: 9 });
  const clock = new FakeClock();
  const watched = await Watched.start(context, pool, { clock });
  await passing(clock, 60, () => watched.of("unit").length > 0);
  assert.equal(watched.of("unit")[0].outcome, "refused");
  assert.equal(pool.asked("POST", RESULTS).length, 5);
});

test("a result is counted once, though the connection was lost after it was posted", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(1));
  pool.misbehave("POST", RESULTS, CUT);
  const watched = await Watched.start(context, pool);
  await watched.hears("unit", { outcome: "accepted" });
  assert.deepEqual([watched.volunteer.totals.units, results(pool, "doubler").length], [1, 1]);
  assert.deepEqual(watched.of("error"), [], "what passes at once is not worth telling");
});

// ---- a pool that is away

test("a pool that goes away is said to, and worked for when it is back", async (context) => {
  const pool = await FakePool.for(context);
  const clock = new FakeClock();
  const watched = await Watched.start(context, pool, { clock });
  await watched.hears("worker", { state: "waiting" });
  const comeBack = await pool.leave();
  await passing(clock, 60, () => watched.of("error", { kind: "offline" }).length > 1);
  pool.addJob("doubler", numbers(1));
  comeBack();
  await passing(clock, 60, () => watched.of("unit").length > 0);
  assert.equal(watched.volunteer.state, "running");
});

test("a pool that is away at first is waited for", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(1));
  pool.misbehave("GET", /^\/$/, 503, { times: 3 });
  const clock = new FakeClock();
  const watched = await Watched.start(context, pool, { clock });
  assert.equal(watched.volunteer.state, "running");
  await passing(clock, 60, () => watched.of("unit").length > 0);
});

test("while the pool is away it is asked less and less often", async (context) => {
  const pool = await FakePool.for(context);
  pool.misbehave("GET", /scheduled/, 503, { times: 99 });
  const clock = new FakeClock();
  await Watched.start(context, pool, { clock });
  const waits = [];
  while (waits.length < 10) {
    waits.push(await until(() => clock.waits[0]));
    clock.advance(waits.at(-1) + 0.001);
  }
  assert.ok(waits[0] < 0.7 && waits.at(-1) > 40 && waits.at(-1) <= 72);
});

test("a pool's refusal is said, and asked about again after a while", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(1));
  pool.misbehave("GET", /scheduled/, 403);
  const clock = new FakeClock();
  const watched = await Watched.start(context, pool, { clock });
  await watched.hears("error", { kind: "pool", worker: 1 });
  await watched.passes(1);
  await watched.hears("unit");
});
