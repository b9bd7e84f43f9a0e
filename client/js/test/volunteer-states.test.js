// Starting, pausing, resuming, stopping and configuring a volunteer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, FakePool } from "./fake-pool.js";
import { CountingClient, FakeClock, FakePlatform, FakeUsage, Held, numbers, Watched } from "./fake-platform.js";

const LEASES = /variables$/;
const RESULTS = /results$/;
const states = (watched) => watched.eventsOf("state").map(({ state }) => state);

/** Workers that compute their first unit, without prefetched ones: the run time is not known yet. */
async function computing(context, { workers = 1, count = 9, ...options } = {}) {
  const pool = await FakePool.for(context);
  pool.addJob("long", numbers(count));
  const [clock, held] = [new FakeClock(), new Held()];
  const watched = await Watched.start(context, pool, { clock, workers, compute: held.compute, ...options });
  await eventually(() => watched.eventsOf("worker", { state: "computing" }).length === workers);
  return { pool, clock, held, watched, volunteer: watched.volunteer };
}

test("the states from start to stop", async (context) => {
  const { watched, volunteer } = await computing(context);
  await volunteer.stop();
  assert.deepEqual(states(watched), ["running", "stopping", "stopped"]);
});

test("starting twice changes nothing", async (context) => {
  const { watched, volunteer } = await computing(context);
  await volunteer.start();
  assert.deepEqual(states(watched), ["running"]);
  assert.equal(watched.platform.opened.length, 1);
});

test("before the start, pause, resume and stop change nothing", async (context) => {
  const pool = await FakePool.for(context);
  const { volunteer } = new Watched(context, pool);
  await Promise.all([volunteer.pause(), volunteer.resume(), volunteer.stop()]);
  assert.equal(volunteer.state, "idle");
});

test("stop cancels the running units and gives them back", async (context) => {
  const { pool, watched, volunteer } = await computing(context, { workers: 2 });
  await volunteer.stop();
  assert.deepEqual(pool.returned.sort(), ["0000", "0001"]);
  assert.deepEqual([volunteer.totals.returned, watched.eventsOf("error")], [2, []]);
});

test("stop does not wait for an executor that hangs", async (context) => {
  const { pool, volunteer } = await computing(context, { compute: () => new Promise(() => {}) });
  await volunteer.stop();
  assert.deepEqual(pool.returned, ["0000"]);
});

test("stop closes the platform and its executors", async (context) => {
  const { watched, volunteer } = await computing(context);
  await volunteer.stop();
  assert.deepEqual([watched.platform.closed, watched.platform.executors[0].isClosed], [1, true]);
});

test("stop leaves no timer behind", async (context) => {
  const { clock, held, volunteer } = await computing(context, { throttle: 0.5 });
  held.release(1, 10);
  await eventually(() => clock.waits.length > 0);
  await volunteer.stop();
  assert.deepEqual(clock.waits, []);
});

/** A volunteer that computes its second unit and has prefetched a third one. */
async function withPrefetched(context) {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(9));
  const [clock, held] = [new FakeClock(), new Held()];
  const client = new CountingClient(pool, clock);
  const { volunteer } = await Watched.start(context, pool, { clock, client, compute: held.compute });
  await eventually(() => held.units.length === 1);
  held.release();
  await eventually(() => client.leased === 3);
  return { pool, volunteer };
}

test("stop gives a prefetched task back", async (context) => {
  const { pool, volunteer } = await withPrefetched(context);
  await volunteer.stop();
  assert.deepEqual(pool.returned.sort(), ["0001", "0002"]);
});

test("a lease that is granted during the stop is given back", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(1));
  const watched = new Watched(context, pool);
  let stopping;
  pool.misbehave("GET", LEASES, (request) => {
    stopping = watched.volunteer.stop();
    const home = `${request.path}/0000`;
    return { document: { _links: { post_result: `${home}/results`, lease: `${home}/lease?lease=forged` } } };
  });
  await watched.volunteer.start();
  await eventually(() => stopping);
  await stopping;
  assert.equal(pool.requestsTo("DELETE", /lease$/).length, 1);
});

test("stop with a grace period lets a unit end, and posts its result", async (context) => {
  const { pool, held, volunteer } = await computing(context);
  const stopped = volunteer.stop({ grace: 10 });
  held.release();
  await stopped;
  assert.deepEqual([volunteer.state, volunteer.totals.units, pool.returned], ["stopped", 1, []]);
});

test("a second stop without a grace period does not wait for the first", async (context) => {
  const { pool, volunteer } = await computing(context);
  const stopped = volunteer.stop({ grace: 10 });
  await volunteer.stop();
  await stopped;
  assert.deepEqual(pool.returned, ["0000"]);
});

test("stop waits a few seconds for a pool that does not respond", async (context) => {
  const { pool, clock, volunteer } = await computing(context);
  pool.misbehave("DELETE", /lease$/, () => undefined);
  const stopped = volunteer.stop();
  await eventually(() => pool.requestsTo("DELETE", /lease$/).length === 1);
  assert.equal(volunteer.state, "stopping");
  clock.advance(5);
  await stopped;
});

test("stop ends a worker's wait", async (context) => {
  const pool = await FakePool.for(context);
  const watched = await Watched.start(context, pool);
  await watched.waitFor("worker", { state: "waiting" });
  await watched.volunteer.stop();
});

test("stop abandons an upload to a pool that is offline, and reports that", async (context) => {
  const { pool, clock, held, watched, volunteer } = await computing(context);
  pool.misbehave("POST", RESULTS, 503, { times: 99 });
  held.release();
  await eventually(() => pool.requestsTo("POST", RESULTS).length === 1 && clock.waits.length > 0);
  await volunteer.stop();
  assert.match(watched.eventsOf("error", { kind: "offline" }).at(-1).message, /^the result could not be posted: /);
  assert.equal(pool.returned.includes("0000"), true);
});

test("stop before the pool was reached", async (context) => {
  const pool = await FakePool.for(context);
  pool.misbehave("GET", /^\/$/, 503, { times: 99 });
  const { volunteer } = await Watched.start(context, pool);
  await volunteer.stop();
  assert.equal(volunteer.state, "stopped");
});

test("stop while the platform opens closes it afterwards", async (context) => {
  const pool = await FakePool.for(context);
  const platform = new FakePlatform();
  const open = platform.open.bind(platform);
  let proceed;
  platform.open = (...values) => new Promise((resolve) => (proceed = () => resolve(open(...values))));
  const { volunteer } = new Watched(context, pool, { platform });
  volunteer.start();
  await eventually(() => proceed);
  await volunteer.stop();
  assert.equal(volunteer.state, "stopped");
  proceed();
  await eventually(() => platform.closed === 1);
});

test("after a stop it can start again, and the totals continue", async (context) => {
  const { held, volunteer, watched } = await computing(context);
  held.release();
  await watched.waitFor("unit");
  await eventually(() => held.units.length === 2);
  await volunteer.stop();
  await volunteer.start();
  await eventually(() => held.units.length === 3);
  assert.deepEqual([watched.platform.opened.length, volunteer.totals.units], [2, 1]);
});

test("pause lets the running unit end, and fetches no more", async (context) => {
  const { pool, held, watched, volunteer } = await computing(context);
  const paused = volunteer.pause();
  assert.equal(volunteer.state, "pausing");
  held.release();
  await paused;
  assert.deepEqual(states(watched), ["running", "pausing", "paused"]);
  assert.deepEqual([volunteer.totals.units, pool.requestsTo("GET", LEASES).length], [1, 1]);
});

test("pause gives back a unit that exceeds the grace period", async (context) => {
  const { pool, clock, watched, volunteer } = await computing(context);
  const paused = volunteer.pause({ grace: 3 });
  clock.advance(2.9);
  assert.deepEqual(pool.returned, []);
  clock.advance(0.2);
  await paused;
  assert.deepEqual([pool.returned, watched.eventsOf("error")], [["0000"], []]);
});

test("the default grace period is an option", async (context) => {
  const { pool, clock, volunteer } = await computing(context, { pauseGrace: 60 });
  const paused = volunteer.pause();
  clock.advance(59);
  assert.equal(volunteer.state, "pausing");
  clock.advance(2);
  await paused;
  assert.deepEqual(pool.returned, ["0000"]);
});

test("a pause closes the executors, not the platform", async (context) => {
  const { watched, volunteer } = await computing(context);
  await volunteer.pause({ grace: 0 });
  assert.deepEqual([watched.platform.executors[0].isClosed, watched.platform.closed], [true, 0]);
  assert.equal(volunteer.workers[0].state, "idle");
});

test("pausing twice changes nothing", async (context) => {
  const { watched, volunteer } = await computing(context);
  await volunteer.pause({ grace: 0 });
  await volunteer.pause();
  assert.deepEqual(states(watched), ["running", "pausing", "paused"]);
});

test("resume continues with new units", async (context) => {
  const { held, watched, volunteer } = await computing(context);
  await volunteer.pause({ grace: 0 });
  await volunteer.resume();
  await eventually(() => held.units.length === 2);
  assert.deepEqual([volunteer.state, watched.platform.opened.length], ["running", 1]);
});

test("start resumes after a pause", async (context) => {
  const { held, volunteer } = await computing(context);
  await volunteer.pause({ grace: 0 });
  await volunteer.start();
  await eventually(() => held.units.length === 2);
});

test("resume during a pause's grace period spares the running unit", async (context) => {
  const { pool, clock, held, watched, volunteer } = await computing(context);
  const paused = volunteer.pause({ grace: 5 });
  await volunteer.resume();
  await paused;
  clock.advance(10);
  held.release();
  await watched.waitFor("unit");
  await eventually(() => held.units.length === 2);
  assert.deepEqual([volunteer.state, pool.returned], ["running", []]);
});

test("stop during a pause's grace period", async (context) => {
  const { pool, watched, volunteer } = await computing(context);
  const paused = volunteer.pause({ grace: 60 });
  await volunteer.stop();
  await paused;
  assert.deepEqual(states(watched), ["running", "pausing", "stopping", "stopped"]);
  assert.deepEqual(pool.returned, ["0000"]);
});

test("stop in a pause closes the platform", async (context) => {
  const { watched, volunteer } = await computing(context);
  await volunteer.pause({ grace: 0 });
  await volunteer.stop();
  assert.deepEqual([volunteer.state, watched.platform.closed], ["stopped", 1]);
});

test("a platform that can't be opened is an error, and the volunteer is stopped", async (context) => {
  const pool = await FakePool.for(context);
  const platform = new FakePlatform();
  platform.open = async (root) => root.link("missing");
  const watched = await Watched.start(context, pool, { platform });
  assert.equal(watched.volunteer.state, "stopped");
  assert.match(watched.eventsOf("error", { kind: "platform" })[0].message, /has no link "missing"/);
});

for (const [retryForeign, state, kind] of [[false, "stopped", "pool"], [true, "running", "foreign"]]) {
  test(`behind a captive portal at the start a volunteer is ${state} with retryForeign: ${retryForeign}`, async (context) => {
    const pool = await FakePool.for(context);
    const page = () => ({ headers: { "Content-Type": "text/html" }, text: "<h1>Log in</h1>" });
    pool.misbehave("GET", /^\/$/, page, { times: 2 });
    const clock = new FakeClock();
    const watched = await Watched.start(context, pool, { clock, retryForeign });
    clock.advance(1);
    await watched.waitFor("error", { kind });
    assert.equal(watched.volunteer.state, state);
    clock.advance(2);
    await watched.waitFor(retryForeign ? "worker" : "error");
  });
}

test("an address without a pool is an error, and the volunteer is stopped", async (context) => {
  const pool = await FakePool.for(context);
  pool.misbehave("GET", /^\/$/, 404);
  const watched = await Watched.start(context, pool);
  assert.equal(watched.volunteer.state, "stopped");
  assert.equal(watched.eventsOf("error", { kind: "pool" }).length, 1);
});

// ---- page exit

test("on exit leases are given back", async (context) => {
  const { pool, watched, volunteer } = await computing(context, { workers: 2 });
  await watched.platform.exit();
  assert.deepEqual([pool.returned.sort(), volunteer.state], [["0000", "0001"], "stopped"]);
});

test("on exit each lease is given back once", async (context) => {
  const { pool, watched } = await computing(context);
  await watched.platform.exit();
  assert.equal(pool.requestsTo("DELETE", /lease$/).length, 1);
});

test("on exit a computed result is posted", async (context) => {
  const { pool, held, watched } = await computing(context, { count: 1 });
  pool.misbehave("POST", RESULTS, () => undefined);
  held.release(7);
  await eventually(() => pool.requestsTo("POST", RESULTS).length === 1);
  const exiting = watched.platform.exit();
  await eventually(() => pool.jobs.get("long").results.size === 1);
  watched.clock.advance(5);
  await exiting;
  assert.equal(pool.jobs.get("long").results.get("0000").result, 7);
});

test("after a stop it does not listen for the exit", async (context) => {
  const { pool, watched, volunteer } = await computing(context);
  await volunteer.stop();
  await watched.platform.exit();
  assert.equal(pool.requestsTo("DELETE", /lease$/).length, 1);
});

// ---- throttle

/** A worker that rests after a unit of two seconds. */
async function resting(context, throttle) {
  const started = await computing(context, { throttle });
  started.clock.advance(2);
  started.held.release(1, 2);
  await started.watched.waitFor("worker", { state: "resting" });
  return started;
}

test("at a throttle of a quarter it rests three times as long as it computed", async (context) => {
  const { clock, held, watched } = await resting(context, 0.25);
  await eventually(() => clock.waits.length === 2);
  clock.advance(5.9);
  assert.equal(watched.volunteer.workers[0].state, "resting");
  clock.advance(0.2);
  await eventually(() => held.units.length === 2);
});

test("the next variable is prefetched shortly before the end of a rest", async (context) => {
  const { pool, clock } = await resting(context, 0.25);
  await eventually(() => clock.waits.length === 2);
  clock.advance(3.9);
  assert.equal(pool.requestsTo("GET", LEASES).length, 1);
  clock.advance(0.2);
  await eventually(() => pool.requestsTo("GET", LEASES).length === 2);
});

test("at full throttle it does not rest", async (context) => {
  const { held, watched } = await computing(context, { throttle: 1 });
  held.release(1, 60);
  await eventually(() => held.units.length === 2);
  assert.equal(watched.eventsOf("worker", { state: "resting" }).length, 0);
});

test("it rests after a failed unit too", async (context) => {
  const { clock, held, watched } = await computing(context, { throttle: 0.5 });
  clock.advance(4);
  held.fail("threw");
  await watched.waitFor("worker", { state: "resting" });
  await eventually(() => clock.waits.at(-1) === 4);
});

test("a machine that slept during a unit has rested enough", async (context) => {
  const { clock, held, watched } = await computing(context, { throttle: 0.5 });
  clock.advance(8 * 3600);
  held.release(1, 8 * 3600);
  await eventually(() => held.units.length === 2);
  assert.equal(watched.eventsOf("worker", { state: "resting" }).length, 0);
});

test("a long rest resets the executor", async (context) => {
  const { held, watched } = await computing(context, { throttle: 0.25 });
  held.release(1, 1);
  await eventually(() => held.units.length === 1 && watched.volunteer.workers[0].state === "resting");
  assert.equal(watched.platform.executors[0].resets, 0);
  const other = await computing(context, { throttle: 0.25 });
  other.held.release(1, 2);
  await other.watched.waitFor("worker", { state: "resting" });
  await eventually(() => other.watched.platform.executors[0].resets === 1);
});

test("a long wait resets the executor", async (context) => {
  const { clock, held, watched } = await computing(context, { count: 1 });
  held.release();
  await watched.waitFor("worker", { state: "waiting" });
  const [executor] = watched.platform.executors;
  await eventually(() => executor.resets > 0 || (clock.waits.length > 0 && void clock.advance(1)));
  assert.ok(clock.now() <= 10_000);
});

/** A worker that rests after a unit that took a second, as its executor knows, by whatever it did. */
async function restingByUsage(context, options) {
  const usage = new FakeUsage();
  const started = await computing(context, { throttle: 0.5, usage: usage.members, ...options });
  started.clock.advance(1);
  usage.used = 1000;
  started.held.release(1, 0.001);
  await started.watched.waitFor("worker", { state: "resting" });
  return { usage, ...started };
}

test("it rests by what its executor used, not by the run time of the unit", async (context) => {
  const { clock, volunteer } = await restingByUsage(context);
  await eventually(() => clock.waits.includes(1) && volunteer.totals.seconds === 0.001);
  assert.equal(volunteer.totals.used, 1);
});

test("it rests for the processor time that a unit takes beside its executor", async (context) => {
  const { clock, volunteer } = await restingByUsage(context, { overheads: { unitOverhead: 500 } });
  await eventually(() => clock.waits.includes(2));
  assert.equal(volunteer.totals.used, 1.5);
});

test("it rests for the processor time that requests for leases and with results take", async (context) => {
  const { clock, volunteer } = await restingByUsage(context, { overheads: { requestOverhead: 250 } });
  await eventually(() => clock.waits.includes(2));
  assert.equal(volunteer.totals.used, 1.5);
});

test("its executor is frozen for a rest", async (context) => {
  const { usage } = await restingByUsage(context);
  await eventually(() => usage.frozen.includes(1000));
});

test("what is used during a rest makes it longer", async (context) => {
  const { clock, held, usage } = await restingByUsage(context);
  await eventually(() => clock.waits.includes(1));
  usage.used = 300;
  clock.advance(1);
  await eventually(() => clock.waits.some((wait) => Math.abs(wait - 0.6) < 1e-9));
  assert.equal(held.units.length, 1);
});

test("short rests are saved up", async (context) => {
  const usage = new FakeUsage();
  const { clock, held, watched } = await computing(context, { throttle: 0.5, usage: usage.members });
  for (const count of [2, 3]) {
    clock.advance(0.002);
    usage.used = 2;
    held.release();
    await eventually(() => held.units.length === count);
  }
  assert.equal(watched.eventsOf("worker", { state: "resting" }).length, 0);
  clock.advance(0.002);
  usage.used = 2;
  held.release();
  await watched.waitFor("worker", { state: "resting" });
  await eventually(() => usage.frozen.some((milliseconds) => Math.abs(milliseconds - 6) < 1e-9));
});

for (const [throttle, frozen] of [[0.9, [10, 20]], [1, []]]) {
  test(`at ${throttle} of the time it is frozen while it waits for a response: ${frozen.length > 0}`, async (context) => {
    const usage = new FakeUsage();
    const pool = await FakePool.for(context);
    pool.addJob("long", numbers(9));
    pool.misbehave("GET", LEASES, () => undefined);
    const clock = new FakeClock();
    const watched = await Watched.start(context, pool, { clock, throttle, usage: usage.members });
    await eventually(() => pool.requestsTo("GET", LEASES).length === 1);
    await watched.waitFor("worker", { state: "fetching" });
    clock.advance(0.01);
    await eventually(() => usage.frozen.length === frozen.length);
    assert.deepEqual(usage.frozen, frozen);
  });
}

test("it is frozen while there is no work", async (context) => {
  const usage = new FakeUsage();
  const pool = await FakePool.for(context);
  pool.retryAfter = 4;
  const watched = await Watched.start(context, pool, { clock: new FakeClock(), usage: usage.members });
  await watched.waitFor("worker", { state: "waiting" });
  await eventually(() => usage.frozen.length > 0);
  assert.ok(usage.frozen[0] >= 4000);
});

test("a rest becomes shorter when the throttle is raised", async (context) => {
  const { held, volunteer } = await resting(context, 0.1);
  volunteer.configure({ throttle: 1 });
  await eventually(() => held.units.length === 2);
});

test("a rest continues after a change of another setting", async (context) => {
  const { clock, volunteer } = await resting(context, 0.5);
  volunteer.configure({ workers: 2 });
  await eventually(() => clock.waits.includes(2));
  assert.equal(volunteer.workers[0].state, "resting");
});

test("pause ends a rest", async (context) => {
  const { volunteer } = await resting(context, 0.01);
  await volunteer.pause();
  assert.equal(volunteer.state, "paused");
});

// ---- configure

test("more workers start at once", async (context) => {
  const { held, volunteer } = await computing(context);
  volunteer.configure({ workers: 3 });
  await eventually(() => held.units.length === 3);
  assert.deepEqual(volunteer.workers.map(({ number, state }) => [number, state]), [
    [1, "computing"],
    [2, "computing"],
    [3, "computing"],
  ]);
});

test("surplus workers have a grace period", async (context) => {
  const { pool, clock, watched, volunteer } = await computing(context, { workers: 3 });
  volunteer.configure({ workers: 1 });
  assert.equal(volunteer.workers.length, 1);
  clock.advance(6);
  await eventually(() => pool.returned.length === 2);
  await watched.waitFor("worker", { number: 3, state: "idle" });
  assert.equal(watched.eventsOf("worker").filter(({ number, state }) => number === 1 && state === "idle").length, 0);
});

test("a surplus worker that is wanted again is started anew", async (context) => {
  const { clock, held, volunteer } = await computing(context, { workers: 2 });
  volunteer.configure({ workers: 1 });
  volunteer.configure({ workers: 2 });
  clock.advance(6);
  await eventually(() => held.units.length === 3);
  assert.equal(volunteer.workers[1].state, "computing");
});

test("when owners change, the job is chosen anew after the running unit", async (context) => {
  const { pool, held, watched, volunteer } = await computing(context);
  pool.addJob("of-eve", numbers(1), { metadata: { owner: "eve" } });
  volunteer.configure({ owners: ["eve"] });
  held.release();
  await watched.waitFor("unit", { job: "long" });
  await eventually(() => held.units.length === 2);
  assert.equal(held.units[1].job, "of-eve");
});

test("when owners change, a prefetched task is given back", async (context) => {
  const { pool, volunteer } = await withPrefetched(context);
  volunteer.configure({ owners: ["eve"] });
  await eventually(() => pool.returned.length === 1);
  assert.deepEqual(pool.returned, ["0002"]);
});

test("a change of settings ends a wait", async (context) => {
  const pool = await FakePool.for(context);
  const watched = await Watched.start(context, pool, { owners: ["ada"], clock: new FakeClock() });
  await watched.waitFor("worker", { state: "waiting" });
  pool.addJob("of-eve", numbers(1), { metadata: { owner: "eve" } });
  watched.volunteer.configure({ owners: ["eve"] });
  await watched.waitFor("unit", { job: "of-eve" });
});

test("a change of gpu opens the platform anew", async (context) => {
  const { pool, held, watched, volunteer } = await computing(context);
  volunteer.configure({ gpu: true });
  await eventually(() => held.units.length === 2);
  assert.deepEqual([pool.returned, watched.platform.closed], [["0000"], 1]);
  assert.deepEqual(watched.platform.opened.map(({ gpu }) => gpu), [false, true]);
  assert.equal(volunteer.state, "running");
});

for (const [options, message] of [
  [{ workers: 0 }, /^workers: /],
  [{ workers: 1.5 }, /^workers: /],
  [{ throttle: 0 }, /^throttle: /],
  [{ throttle: 1.1 }, /^throttle: /],
  [{ throttle: NaN }, /^throttle: /],
  [{ owners: "ada" }, /^owners: /],
  [{ jobs: [1] }, /^jobs: /],
  [{ throttle: "0.5" }, /^throttle: /],
  [{ scheduler: 5 }, /^scheduler: /],
  [{ gpu: "no" }, /^gpu: /],
  [{ memoryMb: 1.5 }, /^memoryMb: /],
  [{ memoryMb: -1 }, /^memoryMb: /],
]) {
  test(`${JSON.stringify(options)} is a TypeError, at first and later`, async (context) => {
    const pool = await FakePool.for(context);
    assert.throws(() => new Watched(context, pool, options), { name: "TypeError", message });
    const { volunteer } = new Watched(context, pool);
    assert.throws(() => volunteer.configure(options), { name: "TypeError", message });
  });
}
