// A volunteer's events, and its id.
import assert from "node:assert/strict";
import { test } from "node:test";
import { volunteer } from "../lib/volunteer.js";
import { eventually, FakePool } from "./fake-pool.js";
import { FakePlatform, numbers, Watched } from "./fake-platform.js";

async function doubler(context, count) {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(count));
  return pool;
}

test("a unit's event follows the pool's response", async (context) => {
  const pool = await doubler(context, 2);
  const compute = ({ variable }) => ({ value: JSON.parse(variable).a, seconds: 0.5 });
  const watched = await Watched.start(context, pool, { compute });
  const { event, ...unit } = await watched.waitFor("unit");
  const [job, jobName] = ["doubler", "The doubler"];
  assert.deepEqual(unit, { worker: 1, job, jobName, variable: "0000", seconds: 0.5, outcome: "accepted" });
});

test("a worker's events follow its states", async (context) => {
  const pool = await doubler(context, 1);
  const watched = await Watched.start(context, pool);
  await watched.waitFor("worker", { state: "waiting" });
  const seen = watched.eventsOf("worker").map(({ state, job }) => [state, job]);
  assert.deepEqual(seen.slice(0, 3), [["fetching", ""], ["computing", "doubler"], ["fetching", ""]]);
});

test("a worker's status has the start of its state", async (context) => {
  const pool = await doubler(context, 1);
  const watched = await Watched.start(context, pool);
  const { since } = await watched.waitFor("worker", { state: "waiting" });
  assert.ok(Math.abs(Date.now() - since) < 5000);
  assert.equal(watched.volunteer.workers[0].since, since);
});

test("each change of the totals is an event", async (context) => {
  const pool = await doubler(context, 3);
  const compute = () => ({ value: 1, seconds: 0.25 });
  const watched = await Watched.start(context, pool, { compute });
  await eventually(() => watched.volunteer.totals.units === 3);
  const counted = new Set(watched.eventsOf("progress").map(({ totals }) => totals.units));
  assert.deepEqual([...counted].filter(Boolean), [1, 2, 3]);
  const none = { rejected: 0, late: 0, failed: 0, returned: 0 };
  assert.deepEqual(watched.volunteer.totals, { units: 3, ...none, seconds: 0.75, used: 0.75 });
});

test("the totals are a copy", async (context) => {
  const watched = new Watched(context, "http://pool.example/");
  watched.volunteer.totals.units = 99;
  assert.equal(watched.volunteer.totals.units, 0);
});

test("listeners may be given as options", async (context) => {
  const pool = await doubler(context, 1);
  const received = new Set();
  const listen = (event) => [`on${event}`, () => received.add(event)];
  const listeners = Object.fromEntries(["state", "worker", "unit", "progress"].map(listen));
  const one = volunteer(pool.url, { platform: new FakePlatform(), ...listeners });
  context.after(() => one.stop());
  one.start();
  await eventually(() => received.size === 4);
});

test("an unsubscribed listener is not called", async (context) => {
  const pool = await doubler(context, 1);
  const watched = new Watched(context, pool);
  const received = [];
  const unsubscribe = watched.volunteer.on("state", ({ state }) => {
    received.push(state);
    unsubscribe();
  });
  await watched.volunteer.start();
  await watched.volunteer.stop();
  assert.deepEqual(received, ["running"]);
});

test("a function that subscribed twice is unsubscribed one by one", async (context) => {
  const watched = new Watched(context, await doubler(context, 1));
  let count = 0;
  const listener = () => (count += 1);
  const unsubscribe = watched.volunteer.on("state", listener);
  watched.volunteer.on("state", listener);
  unsubscribe();
  await watched.volunteer.start();
  assert.equal(count, 1);
});

test("a listener's error is logged, and the work continues", async (context) => {
  const pool = await doubler(context, 2);
  const watched = new Watched(context, pool);
  const logged = context.mock.method(console, "error", () => {});
  watched.volunteer.on("worker", () => {
    throw new Error("a listener's");
  });
  await watched.volunteer.start();
  await watched.waitFor("unit", { outcome: "accepted" }, 2);
  assert.match(String(logged.mock.calls[0].arguments[0]), /a listener's/);
});

test("each volunteer has its own valid id", async (context) => {
  const pool = await doubler(context, 1);
  for (const watched of [await Watched.start(context, pool), await Watched.start(context, pool)]) {
    await watched.volunteer.stop();
  }
  const ids = new Set(pool.requests.map(({ headers }) => headers.volunteer));
  assert.equal(ids.size, 2);
  for (const id of ids) assert.match(id, /^[A-Za-z0-9_-]{16,128}$/);
});

test("a given id is used", async (context) => {
  const pool = await doubler(context, 1);
  await Watched.start(context, pool, { volunteer: "a-volunteer-of-the-tests", key: "an-owner's" });
  const { volunteer: id, authorization } = pool.requests[0].headers;
  assert.deepEqual([id, authorization], ["a-volunteer-of-the-tests", "Bearer an-owner's"]);
});
