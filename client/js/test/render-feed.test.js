// Which results a picture is drawn from, and when: bounded, however many there are and however fast they come.
import assert from "node:assert/strict";
import test from "node:test";
import { Document } from "../lib/document.js";
import { ResultsFeed } from "../../web/render/results-feed.js";
import { Schedule } from "../../web/render/schedule.js";

/** A job whose results are the numbers from 0 on, as many as there are now. */
class FakePool {
  count = 0;
  size = 1;
  requests = [];

  async follow(document, _rel, { values = {} } = {}) {
    this.requests.push(values);
    const next = document.content.next;
    const first = next ?? (values.last ? Math.max(0, this.count - values.last) : Number(values.cursor));
    const end = Math.min(this.count, first + (values.last ?? values.limit ?? 100));
    return page(first, end, this);
  }
}

function page(first, end, { count, size }) {
  const numbers = Array.from({ length: end - first }, (_, index) => first + index);
  const items = numbers.map((number) => ({ variable: `v${number}`, input: { number }, result: "x".repeat(size) }));
  const cursor = end > first ? String(end) : null;
  const links = end < count ? { next: "/next" } : {};
  return new Document("http://pool/", { _links: links, next: end, cursor, _embedded: { items } });
}

const JOB = new Document("http://pool/jobs/j", {});
const variables = (feed) => feed.results.map(({ variable }) => variable);

test("all results of a small job are fetched, and then those that are new", async () => {
  const pool = new FakePool();
  const feed = new ResultsFeed(pool, JOB);
  assert.equal(await feed.update(), false);
  pool.count = 3;
  assert.equal(await feed.update(), true);
  pool.count = 4;
  assert.equal(await feed.update(), true);
  assert.equal(await feed.update(), false);
  assert.deepEqual(variables(feed), ["v0", "v1", "v2", "v3"]);
  assert.deepEqual(pool.requests.at(-1), { cursor: "4", limit: 100, inputs: "true" });
  assert.equal(feed.isSample, false);
});

test("of a large job the last ones, then samples by one request each", async () => {
  const pool = new FakePool();
  pool.count = 10_000;
  const feed = new ResultsFeed(pool, JOB);
  await feed.update();
  assert.equal(feed.results.length, 500);
  assert.equal(feed.isSample, true);
  for (let round = 0; round < 4; round += 1) {
    pool.count += 1000;
    const before = pool.requests.length;
    assert.equal(await feed.update(), true);
    assert.equal(pool.requests.length, before + 1);
  }
  assert.equal(feed.results.length, 500);
  assert.deepEqual(pool.requests.at(-1), { last: 20, inputs: "true" });
  assert.equal(variables(feed).at(-1), "v13999");
});

test("large results are dropped from the oldest on", async () => {
  const pool = new FakePool();
  pool.count = 10;
  pool.size = 1 << 20;
  const feed = new ResultsFeed(pool, JOB);
  await feed.update();
  assert.deepEqual(variables(feed), ["v7", "v8", "v9"]);
  assert.equal(feed.isSample, true);
});

/** A page whose clock and timers the test moves. */
function fakePage() {
  const state = { now: 0, due: Infinity, run: () => {}, seen: () => {} };
  globalThis.document = { hidden: false, addEventListener() {}, removeEventListener() {} };
  globalThis.IntersectionObserver = class {
    constructor(callback) {
      state.seen = (isIntersecting) => callback([{ isIntersecting }]);
    }
    observe() {}
    disconnect() {}
  };
  performance.now = () => state.now;
  globalThis.setTimeout = (run, delay) => Object.assign(state, { run, due: state.now + delay });
  globalThis.clearTimeout = () => (state.due = Infinity);
  return state;
}

test("it acts while it can be seen alone, and rests 25 times as long as it took", async () => {
  const original = { setTimeout, clearTimeout, now: performance.now };
  const page = fakePage();
  try {
    let times = 0;
    const schedule = new Schedule({}, async () => ((times += 1), 1000));
    schedule.request();
    assert.equal(page.due, Infinity);
    page.seen(true);
    assert.equal(page.due, 0);
    await page.run();
    schedule.request();
    assert.equal(page.due, 25_000);
    document.hidden = true;
    schedule.request();
    assert.equal(page.due, Infinity);
    assert.equal(times, 1);
  } finally {
    Object.assign(globalThis, { setTimeout: original.setTimeout, clearTimeout: original.clearTimeout });
    performance.now = original.now;
  }
});
