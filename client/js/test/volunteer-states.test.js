// Starting, pausing, resuming, stopping and changing a volunteer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FakePool, until } from "./fake-pool.js";
import { CountingClient, FakeClock, FakePlatform, Held, numbers, Watched } from "./fake-platform.js";

const LEASES = /variables$/;
const RESULTS = /results$/;
const states = (watched) => watched.of("state").map(({ state }) => state);

/** Workers that compute, and no more than that: how long the job takes isn't known. */
async function computing(context, { workers = 1, count = 9, ...options } = {}) {
  const pool = await FakePool.for(context);
  pool.addJob("long", numbers(count));
  const [clock, held] = [new FakeClock(), new Held()];
  const watched = await Watched.start(context, pool, { clock, workers, compute: held.compute, ...options });
  await until(() => watched.of("worker", { state: "computing" }).length === workers);
  return { pool, clock, held, watched, volunteer: watched.volunteer };
}

test("it is idle, runs, and is stopped", async (context) => {
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

test("what isn't running can't be paused, resumed or stopped, and that is no error", async (context) => {
  const pool = await FakePool.for(context);
  const { volunteer } = new Watched(context, pool);
  await Promise.all([volunteer.pause(), volunteer.resume(), volunteer.stop()]);
  assert.equal(volunteer.state, "idle");
});

test("stop ends the units at hand at once and gives them back", async (context) => {
  const { pool, watched, volunteer } = await computing(context, { workers: 2 });
  await volunteer.stop();
  assert.deepEqual(pool.given.sort(), ["0000", "0001"]);
  assert.deepEqual([volunteer.totals.returned, watched.of("error")], [2, []]);
});

test("stop doesn't wait for a computer that doesn't end", async (context) => {
  const { pool, volunteer } = await computing(context, { compute: () => new Promise(() => {}) });
  await volunteer.stop();
  assert.deepEqual(pool.given, ["0000"]);
});

test("stop closes what was opened", async (context) => {
  const { watched, volunteer } = await computing(context);
  await volunteer.stop();
  assert.deepEqual([watched.platform.closed, watched.platform.computers[0].isClosed], [1, true]);
});

test("stop leaves no timer behind", async (context) => {
  const { clock, held, volunteer } = await computing(context, { throttle: 0.5 });
  held.release(1, 10);
  await until(() => clock.waits.length > 0);
  await volunteer.stop();
  assert.deepEqual(clock.waits, []);
});

/** A volunteer that computes its second unit, with a third one fetched ahead. */
async function oneAhead(context) {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(9));
  const [clock, held] = [new FakeClock(), new Held()];
  const client = new CountingClient(pool, clock);
  const { volunteer } = await Watched.start(context, pool, { clock, client, compute: held.compute });
  await until(() => held.units.length === 1);
  held.release();
  await until(() => client.lent === 3);
  return { pool, volunteer };
}

test("stop gives back what was fetched ahead", async (context) => {
  const { pool, volunteer } = await oneAhead(context);
  await volunteer.stop();
  assert.deepEqual(pool.given.sort(), ["0001", "0002"]);
});

test("a lease that is granted while it stops is given back", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(1));
  const watched = new Watched(context, pool);
  let stopping;
  pool.misbehave("GET", LEASES, (request) => {
    stopping = watched.volunteer.stop();
    return { document: { _links: { lease: `${request.path}/0000/lease?lease=forged` } } };
  });
  await watched.volunteer.start();
  await until(() => stopping);
  await stopping;
  assert.equal(pool.asked("DELETE", /lease$/).length, 1);
});

test("stop with a grace time lets a unit end, and its result is posted", async (context) => {
  const { pool, held, volunteer } = await computing(context);
  const stopped = volunteer.stop({ grace: 10 });
  held.release();
  await stopped;
  assert.deepEqual([volunteer.state, volunteer.totals.units, pool.given], ["stopped", 1, []]);
});

test("a second stop without grace doesn't wait for the first", async (context) => {
  const { pool, volunteer } = await computing(context);
  const stopped = volunteer.stop({ grace: 10 });
  await volunteer.stop();
  await stopped;
  assert.deepEqual(pool.given, ["0000"]);
});

test("stop doesn't wait for a pool that answers nothing, for more than some seconds", async (context) => {
  const { pool, clock, volunteer } = await computing(context);
  pool.misbehave("DELETE", /lease$/, () => undefined);
  const stopped = volunteer.stop();
  await until(() => pool.asked("DELETE", /lease$/).length === 1);
  assert.equal(volunteer.state, "stopping");
  clock.advance(5);
  await stopped;
});

test("stop ends a wait", async (context) => {
  const pool = await FakePool.for(context);
  const watched = await Watched.start(context, pool);
  await watched.hears("worker", { state: "waiting" });
  await watched.volunteer.stop();
});

test("stop ends the wait for a pool that is away, and the result is said to be lost", async (context) => {
  const { pool, clock, held, watched, volunteer } = await computing(context);
  pool.misbehave("POST", RESULTS, 503, { times: 99 });
  held.release();
  await until(() => pool.asked("POST", RESULTS).length === 1 && clock.waits.length > 0);
  await volunteer.stop();
  assert.match(watched.of("error", { kind: "offline" }).at(-1).message, /^the result could not be posted: /);
  assert.equal(pool.given.includes("0000"), true);
});

test("stop while the pool is not reached yet", async (context) => {
  const pool = await FakePool.for(context);
  pool.misbehave("GET", /^\/$/, 503, { times: 99 });
  const { volunteer } = await Watched.start(context, pool);
  await volunteer.stop();
  assert.equal(volunteer.state, "stopped");
});

test("stop while the platform opens closes it when it is there", async (context) => {
  const pool = await FakePool.for(context);
  const platform = new FakePlatform();
  const open = platform.open.bind(platform);
  let proceed;
  platform.open = (...values) => new Promise((resolve) => (proceed = () => resolve(open(...values))));
  const { volunteer } = new Watched(context, pool, { platform });
  volunteer.start();
  await until(() => proceed);
  await volunteer.stop();
  assert.equal(volunteer.state, "stopped");
  proceed();
  await until(() => platform.closed === 1);
});

test("after a stop it can be started again, and the sums go on", async (context) => {
  const { held, volunteer, watched } = await computing(context);
  held.release();
  await watched.hears("unit");
  await until(() => held.units.length === 2);
  await volunteer.stop();
  await volunteer.start();
  await until(() => held.units.length === 3);
  assert.deepEqual([watched.platform.opened.length, volunteer.totals.units], [2, 1]);
});

test("pause lets the unit at hand end, and fetches no more", async (context) => {
  const { pool, held, watched, volunteer } = await computing(context);
  const paused = volunteer.pause();
  assert.equal(volunteer.state, "pausing");
  held.release();
  await paused;
  assert.deepEqual(states(watched), ["running", "pausing", "paused"]);
  assert.deepEqual([volunteer.totals.units, pool.asked("GET", LEASES).length], [1, 1]);
});

test("pause gives back what takes longer than the grace time", async (context) => {
  const { pool, clock, watched, volunteer } = await computing(context);
  const paused = volunteer.pause({ grace: 3 });
  clock.advance(2.9);
  assert.deepEqual(pool.given, []);
  clock.advance(0.2);
  await paused;
  assert.deepEqual([pool.given, watched.of("error")], [["0000"], []]);
});

test("the usual grace time is an option", async (context) => {
  const { pool, clock, volunteer } = await computing(context, { pauseGrace: 60 });
  const paused = volunteer.pause();
  clock.advance(59);
  assert.equal(volunteer.state, "pausing");
  clock.advance(2);
  await paused;
  assert.deepEqual(pool.given, ["0000"]);
});

test("in a pause nothing computes, and the platform stays open", async (context) => {
  const { watched, volunteer } = await computing(context);
  await volunteer.pause({ grace: 0 });
  assert.deepEqual([watched.platform.computers[0].isClosed, watched.platform.closed], [true, 0]);
  assert.equal(volunteer.workers[0].state, "idle");
});

test("pausing twice is no more than pausing once", async (context) => {
  const { watched, volunteer } = await computing(context);
  await volunteer.pause({ grace: 0 });
  await volunteer.pause();
  assert.deepEqual(states(watched), ["running", "pausing", "paused"]);
});

test("resume goes on", async (context) => {
  const { held, watched, volunteer } = await computing(context);
  await volunteer.pause({ grace: 0 });
  await volunteer.resume();
  await until(() => held.units.length === 2);
  assert.deepEqual([volunteer.state, watched.platform.opened.length], ["running", 1]);
});

test("start goes on after a pause, too", async (context) => {
  const { held, volunteer } = await computing(context);
  await volunteer.pause({ grace: 0 });
  await volunteer.start();
  await until(() => held.units.length === 2);
});

test("resume while it pauses spares the unit at hand", async (context) => {
  const { pool, clock, held, watched, volunteer } = await computing(context);
  const paused = volunteer.pause({ grace: 5 });
  await volunteer.resume();
  await paused;
  clock.advance(10);
  held.release();
  await watched.hears("unit");
  await until(() => held.units.length === 2);
  assert.deepEqual([volunteer.state, pool.given], ["running", []]);
});

test("stop while it pauses", async (context) => {
  const { pool, watched, volunteer } = await computing(context);
  const paused = volunteer.pause({ grace: 60 });
  await volunteer.stop();
  await paused;
  assert.deepEqual(states(watched), ["running", "pausing", "stopping", "stopped"]);
  assert.deepEqual(pool.given, ["0000"]);
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
  platform.open = async (root) => root.link("cage");
  const watched = await Watched.start(context, pool, { platform });
  assert.equal(watched.volunteer.state, "stopped");
  assert.match(watched.of("error", { kind: "platform" })[0].message, /has no link "cage"/);
});

test("an address that is no pool's is an error, and the volunteer is stopped", async (context) => {
  const pool = await FakePool.for(context);
  pool.misbehave("GET", /^\/$/, 404);
  const watched = await Watched.start(context, pool);
  assert.equal(watched.volunteer.state, "stopped");
  assert.equal(watched.of("error", { kind: "pool" }).length, 1);
});

// ---- leaving

test("who leaves gives back what is leased", async (context) => {
  const { pool, watched, volunteer } = await computing(context, { workers: 2 });
  await watched.platform.leave();
  assert.deepEqual([pool.given.sort(), volunteer.state], [["0000", "0001"], "stopped"]);
});

test("who leaves gives back each lease once", async (context) => {
  const { pool, watched } = await computing(context);
  await watched.platform.leave();
  assert.equal(pool.asked("DELETE", /lease$/).length, 1);
});

test("who leaves posts what is computed already", async (context) => {
  const { pool, held, watched } = await computing(context, { count: 1 });
  pool.misbehave("POST", RESULTS, () => undefined);
  held.release(7);
  await until(() => pool.asked("POST", RESULTS).length === 1);
  const left = watched.platform.leave();
  await until(() => pool.jobs.get("long").results.size === 1);
  watched.clock.advance(5);
  await left;
  assert.equal(pool.jobs.get("long").results.get("0000").result, 7);
});

test("after a stop nobody listens for leaving", async (context) => {
  const { pool, watched, volunteer } = await computing(context);
  await volunteer.stop();
  await watched.platform.leave();
  assert.equal(pool.asked("DELETE", /lease$/).length, 1);
});

// ---- throttle

/** A worker that has ended a unit of two seconds. */
async function rested(context, throttle) {
  const made = await computing(context, { throttle });
  made.clock.advance(2);
  made.held.release(1, 2);
  await made.watched.hears("worker", { state: "resting" });
  return made;
}

test("at a quarter of the time it rests three times as long as it computed", async (context) => {
  const { clock, held, watched } = await rested(context, 0.25);
  await until(() => clock.waits.length === 2);
  clock.advance(5.9);
  assert.equal(watched.volunteer.workers[0].state, "resting");
  clock.advance(0.2);
  await until(() => held.units.length === 2);
});

test("the next variable is fetched shortly before the rest is over", async (context) => {
  const { pool, clock } = await rested(context, 0.25);
  await until(() => clock.waits.length === 2);
  clock.advance(4.9);
  assert.equal(pool.asked("GET", LEASES).length, 1);
  clock.advance(0.2);
  await until(() => pool.asked("GET", LEASES).length === 2);
});

test("the full share needs no rest", async (context) => {
  const { held, watched } = await computing(context, { throttle: 1 });
  held.release(1, 60);
  await until(() => held.units.length === 2);
  assert.equal(watched.of("worker", { state: "resting" }).length, 0);
});

test("a failed unit is rested from, too", async (context) => {
  const { clock, held, watched } = await computing(context, { throttle: 0.5 });
  clock.advance(4);
  held.fail("threw");
  await watched.hears("worker", { state: "resting" });
  await until(() => clock.waits.at(-1) === 4);
});

test("who was asleep while it computed doesn't rest for that", async (context) => {
  const { clock, held, watched } = await computing(context, { throttle: 0.5 });
  clock.advance(8 * 3600);
  held.release(1, 8 * 3600);
  await watched.hears("worker", { state: "resting" });
  await until(() => clock.waits.at(-1) === 27);
});

test("a context is not kept through a long rest", async (context) => {
  const { held, watched } = await computing(context, { throttle: 0.25 });
  held.release(1, 1);
  await until(() => held.units.length === 1 && watched.volunteer.workers[0].state === "resting");
  assert.equal(watched.platform.computers[0].rests, 0);
  const other = await computing(context, { throttle: 0.25 });
  other.held.release(1, 2);
  await other.watched.hears("worker", { state: "resting" });
  await until(() => other.watched.platform.computers[0].rests === 1);
});

test("a context is not kept long where there is nothing to do", async (context) => {
  const { clock, held, watched } = await computing(context, { count: 1 });
  held.release();
  await watched.hears("worker", { state: "waiting" });
  const [computer] = watched.platform.computers;
  await until(() => computer.rests > 0 || (clock.waits.length > 0 && void clock.advance(1)));
  assert.ok(clock.now() <= 10_000);
});

test("a rest ends earlier when the share is raised", async (context) => {
  const { held, volunteer } = await rested(context, 0.1);
  volunteer.configure({ throttle: 1 });
  await until(() => held.units.length === 2);
});

test("a rest goes on when it is interrupted by a change of something else", async (context) => {
  const { clock, volunteer } = await rested(context, 0.5);
  volunteer.configure({ workers: 2 });
  await until(() => clock.waits.includes(2));
  assert.equal(volunteer.workers[0].state, "resting");
});

test("pause ends a rest", async (context) => {
  const { volunteer } = await rested(context, 0.01);
  await volunteer.pause();
  assert.equal(volunteer.state, "paused");
});

// ---- changes

test("more workers begin at once", async (context) => {
  const { held, volunteer } = await computing(context);
  volunteer.configure({ workers: 3 });
  await until(() => held.units.length === 3);
  assert.deepEqual(volunteer.workers.map(({ number, state }) => [number, state]), [
    [1, "computing"],
    [2, "computing"],
    [3, "computing"],
  ]);
});

test("workers that are no longer wanted may end their units, for a while", async (context) => {
  const { pool, clock, watched, volunteer } = await computing(context, { workers: 3 });
  volunteer.configure({ workers: 1 });
  assert.equal(volunteer.workers.length, 1);
  clock.advance(6);
  await until(() => pool.given.length === 2);
  await watched.hears("worker", { number: 3, state: "idle" });
  assert.equal(watched.of("worker").filter(({ number, state }) => number === 1 && state === "idle").length, 0);
});

test("a worker that is wanted again after all begins anew", async (context) => {
  const { clock, held, volunteer } = await computing(context, { workers: 2 });
  volunteer.configure({ workers: 1 });
  volunteer.configure({ workers: 2 });
  clock.advance(6);
  await until(() => held.units.length === 3);
  assert.equal(volunteer.workers[1].state, "computing");
});

test("when owners change the job is chosen anew, after the unit at hand", async (context) => {
  const { pool, held, watched, volunteer } = await computing(context);
  pool.addJob("of-eve", numbers(1), { metadata: { owner: "eve" } });
  volunteer.configure({ owners: ["eve"] });
  held.release();
  await watched.hears("unit", { job: "long" });
  await until(() => held.units.length === 2);
  assert.equal(held.units[1].job, "of-eve");
});

test("when owners change, what was fetched ahead is given back", async (context) => {
  const { pool, volunteer } = await oneAhead(context);
  volunteer.configure({ owners: ["eve"] });
  await until(() => pool.given.length === 1);
  assert.deepEqual(pool.given, ["0002"]);
});

test("a change ends a wait", async (context) => {
  const pool = await FakePool.for(context);
  const watched = await Watched.start(context, pool, { owners: ["ada"], clock: new FakeClock() });
  await watched.hears("worker", { state: "waiting" });
  pool.addJob("of-eve", numbers(1), { metadata: { owner: "eve" } });
  watched.volunteer.configure({ owners: ["eve"] });
  await watched.hears("unit", { job: "of-eve" });
});

test("whether jobs may use WebGPU is decided when the platform is opened: it is opened anew", async (context) => {
  const { pool, held, watched, volunteer } = await computing(context);
  volunteer.configure({ gpu: true });
  await until(() => held.units.length === 2);
  assert.deepEqual([pool.given, watched.platform.closed], [["0000"], 1]);
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
  test(`${JSON.stringify(options)} is refused, at first and later`, async (context) => {
    const pool = await FakePool.for(context);
    assert.throws(() => new Watched(context, pool, options), { name: "TypeError", message });
    const { volunteer } = new Watched(context, pool);
    assert.throws(() => volunteer.configure(options), { name: "TypeError", message });
  });
}
