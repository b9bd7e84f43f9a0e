// What a browser's executor counts as used, and how it freezes its worker. The sandbox frame is a fake.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BrowserExecutor } from "../browser/executor.js";
import { FakeClock } from "./fake-platform.js";
import { eventually } from "./fake-pool.js";

const UNIT = { job: "one", source: "() => ({ result: 1 })", variable: "{}", context: null };
const TIMEOUT = { timeout: 60_000 };

class FakeFrame {
  closed = false;
  /** Of the workers that it has started. */
  workers = [];
  others = 0;

  startWorker() {
    const worker = { units: [], rests: [], ended: false };
    worker.send = (unit) => worker.units.push(unit);
    worker.freeze = (milliseconds) => worker.rests.push(milliseconds);
    worker.respond = (response) => worker.onresponse({ unit: worker.units.at(-1).unit, seconds: 0, ...response });
    this.workers.push(worker);
    return worker;
  }

  endWorker(worker) {
    worker.ended = true;
  }

  get isShared() {
    return this.others > 0;
  }

  closeIfEmpty() {
    this.closed = !this.isShared;
  }
}

/** An executor whose worker has taken so many milliseconds to compute a unit. */
async function computed(milliseconds, { others = 0 } = {}) {
  const [clock, frame] = [new FakeClock(), new FakeFrame()];
  frame.others = others;
  const executor = new BrowserExecutor(async () => frame, clock, 1000);
  const computing = executor.compute(UNIT, TIMEOUT);
  await eventually(() => frame.workers.at(-1)?.units.length === 1);
  clock.advance(milliseconds / 1000);
  frame.workers[0].respond({ result: "1" });
  await computing;
  return { clock, frame, executor, worker: frame.workers[0] };
}

test("the start of a worker counts", async () => {
  const [clock, frame] = [new FakeClock(), new FakeFrame()];
  const executor = new BrowserExecutor(async () => (clock.advance(0.08), frame), clock, 1000);
  const computing = executor.compute(UNIT, TIMEOUT);
  await eventually(() => frame.workers.length === 1);
  frame.workers[0].respond({ result: "1" });
  await computing;
  assert.equal(executor.takeUsed(), 80);
});

test("all time counts until a worker is frozen, and again from the end of its rest", async () => {
  const { clock, executor, worker } = await computed(50);
  clock.advance(0.01);
  executor.freeze(1000);
  clock.advance(0.005);
  worker.onfrozen();
  clock.advance(0.9);
  assert.equal(executor.takeUsed(), 65.4);
  clock.advance(0.2);
  assert.equal(executor.takeUsed(), 100);
});

test("a worker that does not confirm its rest is ended", async () => {
  const { clock, executor, frame, worker } = await computed(50);
  executor.freeze(1000);
  clock.advance(0.25);
  assert.deepEqual([worker.ended, frame.closed, executor.takeUsed()], [true, true, 300]);
  clock.advance(10);
  assert.equal(executor.takeUsed(), 0);
});

test("beside others a worker that is ended goes on for two seconds", async () => {
  const { clock, executor, frame } = await computed(50, { others: 1 });
  executor.freeze(1000);
  clock.advance(0.25);
  assert.deepEqual([frame.closed, executor.takeUsed()], [false, 2300]);
});

test("an idle worker that is ended does not go on", async () => {
  const { executor } = await computed(50, { others: 1 });
  executor.reset();
  assert.equal(executor.takeUsed(), 50);
});

test("a unit that exceeds its timeout beside others goes on for two seconds", async () => {
  const { clock, executor, worker } = await computed(50, { others: 1 });
  const computing = executor.compute(UNIT, { timeout: 1000 });
  await eventually(() => worker.units.length === 2);
  clock.advance(1);
  await assert.rejects(computing, { kind: "timeout" });
  assert.equal(executor.takeUsed(), 3050);
});

test("a unit waits until a rest is confirmed, and goes to a new worker if it is not", async () => {
  const { clock, executor, frame, worker } = await computed(50);
  executor.freeze(10);
  executor.compute(UNIT, TIMEOUT).catch(() => {});
  await Promise.resolve();
  assert.equal(worker.units.length, 1);
  frame.closeIfEmpty = () => {};
  clock.advance(0.25);
  await eventually(() => frame.workers[1]?.units.length === 1);
  executor.close();
});

test("a unit that a worker does not begin in time is computed by a new one", async () => {
  const { clock, executor, frame, worker } = await computed(50);
  frame.closeIfEmpty = () => {};
  const computing = executor.compute(UNIT, TIMEOUT);
  await eventually(() => worker.units.length === 2);
  assert.deepEqual(worker.rests, [0]);
  clock.advance(2);
  await eventually(() => frame.workers[1]?.units.length === 1);
  assert.equal(worker.ended, true);
  frame.workers[1].respond({ result: "2" });
  assert.equal((await computing).result, "2");
});

test("a worker that has begun a unit may take as long as the unit's timeout", async () => {
  const { clock, executor, frame, worker } = await computed(50);
  const computing = executor.compute(UNIT, TIMEOUT);
  await eventually(() => worker.units.length === 2);
  worker.onfrozen();
  clock.advance(50);
  worker.respond({ result: "2" });
  assert.equal((await computing).result, "2");
  assert.equal(frame.workers.length, 1);
});

for (const [rest, isKept] of [[200, true], [4000, false]]) {
  test(`a worker that is frozen for ${rest} ms more gets the next unit: ${isKept}`, async () => {
    const { executor, frame, worker } = await computed(50);
    executor.freeze(rest);
    worker.onfrozen();
    executor.compute(UNIT, TIMEOUT).catch(() => {});
    await eventually(() => frame.workers.flatMap(({ units }) => units).length === 2);
    assert.deepEqual([frame.workers.length, worker.ended], isKept ? [1, false] : [2, true]);
    executor.close();
  });
}

test("a rest that is asked for again is only continued", async () => {
  const { clock, executor, worker } = await computed(50);
  executor.freeze(1000);
  worker.onfrozen();
  clock.advance(0.4);
  executor.freeze(800);
  executor.freeze(800);
  assert.deepEqual(worker.rests, [1000, 200]);
  clock.advance(0.6);
  worker.onfrozen();
  clock.advance(0.2);
  assert.deepEqual([worker.ended, Math.round(executor.takeUsed() * 10)], [false, 508]);
});
