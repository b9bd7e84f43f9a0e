// What a volunteer tells, and to whom.
import assert from "node:assert/strict";
import { test } from "node:test";
import { volunteer } from "../lib/volunteer.js";
import { FakePool, until } from "./fake-pool.js";
import { FakePlatform, numbers, Watched } from "./fake-platform.js";

async function doubler(context, count) {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(count));
  return pool;
}

test("a unit is told when the pool has answered", async (context) => {
  const pool = await doubler(context, 2);
  const compute = ({ variable }) => ({ value: JSON.parse(variable).a, seconds: 0.5 });
  const watched = await Watched.start(context, pool, { compute });
  const { event, ...unit } = await watched.hears("unit");
  const [job, jobName] = ["doubler", "The doubler"];
  assert.deepEqual(unit, { worker: 1, job, jobName, variable: "0000", seconds: 0.5, outcome: "accepted" });
});

test("a worker is told of as it fetches, computes and waits", async (context) => {
  const pool = await doubler(context, 1);
  const watched = await Watched.start(context, pool);
  await watched.hears("worker", { state: "waiting" });
  const seen = watched.of("worker").map(({ state, job }) => [state, job]);
  assert.deepEqual(seen.slice(0, 3), [["fetching", ""], ["computing", "doubler"], ["fetching", ""]]);
});

test("a worker is told of since when it does what it does", async (context) => {
  const pool = await doubler(context, 1);
  const watched = await Watched.start(context, pool);
  const { since } = await watched.hears("worker", { state: "waiting" });
  assert.ok(Math.abs(Date.now() - since) < 5000);
  assert.equal(watched.volunteer.workers[0].since, since);
});

test("the sums are told as they grow", async (context) => {
  const pool = await doubler(context, 3);
  const compute = () => ({ value: 1, seconds: 0.25 });
  const watched = await Watched.start(context, pool, { compute });
  await watched.hears("progress", {}, 3);
  assert.deepEqual(watched.of("progress").map(({ totals }) => totals.units), [1, 2, 3]);
  const none = { rejected: 0, late: 0, failed: 0, returned: 0 };
  assert.deepEqual(watched.volunteer.totals, { units: 3, ...none, seconds: 0.75 });
});

test("the sums that are handed out are the reader's own", async (context) => {
  const watched = new Watched(context, "http://pool.example/");
  watched.volunteer.totals.units = 99;
  assert.equal(watched.volunteer.totals.units, 0);
});

test("listeners may be given as options", async (context) => {
  const pool = await doubler(context, 1);
  const heard = new Set();
  const listen = (event) => [`on${event}`, () => heard.add(event)];
  const listeners = Object.fromEntries(["state", "worker", "unit", "progress"].map(listen));
  const one = volunteer(pool.url, { platform: new FakePlatform(), ...listeners });
  context.after(() => one.stop());
  one.start();
  await until(() => heard.size === 4);
});

test("a listener that has unsubscribed hears nothing more", async (context) => {
  const pool = await doubler(context, 1);
  const watched = new Watched(context, pool);
  const heard = [];
  const unsubscribe = watched.volunteer.on("state", ({ state }) => {
    heard.push(state);
    unsubscribe();
  });
  await watched.volunteer.start();
  await watched.volunteer.stop();
  assert.deepEqual(heard, ["running"]);
});

test("a function that listens twice is unsubscribed one by one", async (context) => {
  const watched = new Watched(context, await doubler(context, 1));
  let count = 0;
  const listener = () => (count += 1);
  const unsubscribe = watched.volunteer.on("state", listener);
  watched.volunteer.on("state", listener);
  unsubscribe();
  await watched.volunteer.start();
  assert.equal(count, 1);
});

test("a listener that throws is reported, and the work goes on", async (context) => {
  const pool = await doubler(context, 2);
  const watched = new Watched(context, pool);
  const reported = context.mock.method(console, "error", () => {});
  watched.volunteer.on("worker", () => {
    throw new Error("a listener's");
  });
  await watched.volunteer.start();
  await watched.hears("unit", { outcome: "accepted" }, 2);
  assert.match(String(reported.mock.calls[0].arguments[0]), /a listener's/);
});

test("each volunteer has an id of its own, which the pool accepts", async (context) => {
  const pool = await doubler(context, 1);
  for (const watched of [await Watched.start(context, pool), await Watched.start(context, pool)]) {
    await watched.volunteer.stop();
  }
  const ids = new Set(pool.requests.map(({ headers }) => headers.volunteer));
  assert.equal(ids.size, 2);
  for (const id of ids) assert.match(id, /^[A-Za-z0-9_-]{16,128}$/);
});

test("a volunteer that has an id uses it", async (context) => {
  const pool = await doubler(context, 1);
  await Watched.start(context, pool, { volunteer: "a-volunteer-of-the-tests", key: "an-owner's" });
  const { volunteer: id, authorization } = pool.requests[0].headers;
  assert.deepEqual([id, authorization], ["a-volunteer-of-the-tests", "Bearer an-owner's"]);
});
