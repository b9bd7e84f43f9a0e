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
    const worker = { units: [], rests: [], withdrawals: 0, ended: false };
    worker.send = (unit) => worker.units.push(unit);
    worker.freeze = (milliseconds) => worker.rests.push(milliseconds);
    worker.withdraw = () => (worker.withdrawals += 1);
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

// ---- units that are sent ahead

const units = (count) => Array.from({ length: count }, (_, number) => ({ ...UNIT, variable: `${number}` }));

/** An executor that computes the first of some units, and has been told of `told` more. */
async function ahead(context, { takesNext = true, told = 2 } = {}) {
  const [clock, frame] = [new FakeClock(), new FakeFrame()];
  frame.takesNext = takesNext;
  frame.closeIfEmpty = () => {};
  const executor = new BrowserExecutor(async () => frame, clock, 1000);
  context.after(() => executor.close());
  const all = units(6);
  const compute = (index) => executor.compute(all[index], { ...TIMEOUT, following: all.slice(index + 1, index + 1 + told) });
  const computing = compute(0);
  await eventually(() => frame.workers[0]?.units.length === (takesNext ? 1 + told : 1));
  const [worker] = frame.workers;
  const respond = (number, response) => worker.onresponse({ unit: number, seconds: 0, ...response });
  const sent = () => worker.units.map(({ unit, after, variable }) => [unit, after, variable]);
  return { clock, frame, executor, worker, all, compute, computing, respond, sent };
}

test("the following units are sent ahead, each once", async (context) => {
  const { compute, computing, respond, sent, executor } = await ahead(context);
  assert.deepEqual(sent(), [[1, undefined, "0"], [2, 1, "1"], [3, 2, "2"]]);
  respond(1, { result: "10" });
  assert.equal((await computing).result, "10");
  assert.equal(executor.isAhead, true);
  const second = compute(1);
  respond(2, { result: "11" });
  assert.equal((await second).result, "11");
  assert.deepEqual(sent().slice(3), [[4, 3, "3"]]);
});

test("results of a worker that is faster than the page are kept until they are asked for", async (context) => {
  const { worker, compute, computing, respond, sent } = await ahead(context);
  respond(1, { result: "10" });
  worker.onprint({ printedBy: 2, console: "line" });
  respond(2, { result: "11" });
  respond(3, { kind: "threw", message: "no" });
  await computing;
  assert.deepEqual(await compute(1), { result: "11", seconds: 0, console: "line" });
  assert.equal(sent().length, 3);
  await assert.rejects(compute(2), { kind: "threw" });
  assert.equal(worker.ended, false);
});

test("after a unit that fails those that were sent ahead are sent anew", async (context) => {
  const { compute, computing, respond, sent, executor } = await ahead(context);
  respond(1, { kind: "threw", message: "no" });
  await assert.rejects(computing, { kind: "threw" });
  assert.equal(executor.isAhead, false);
  compute(1).catch(() => {});
  await eventually(() => sent().length === 6);
  assert.deepEqual(sent().slice(3), [[4, undefined, "1"], [5, 4, "2"], [6, 5, "3"]]);
});

test("an older relay gets one unit after the other", async (context) => {
  const { compute, computing, respond, sent, executor } = await ahead(context, { takesNext: false });
  respond(1, { result: "10" });
  await computing;
  assert.equal(executor.isAhead, false);
  compute(1).catch(() => {});
  await eventually(() => sent().length === 2);
  assert.deepEqual(sent()[1], [2, undefined, "1"]);
});

test("a unit of another job is not sent ahead", async (context) => {
  const { executor, all, worker, computing, respond } = await ahead(context, { told: 0 });
  respond(1, { result: "10" });
  await computing;
  const other = { ...UNIT, job: "other" };
  executor.compute(all[1], { ...TIMEOUT, following: [other, all[2]] }).catch(() => {});
  await eventually(() => worker.units.length === 2);
  assert.equal(worker.ended, false);
});

test("a worker whose units are withdrawn ends after the running one, since it may have begun another", async (context) => {
  const { executor, worker, computing, respond } = await ahead(context);
  executor.withdraw();
  assert.deepEqual([worker.withdrawals, worker.ended], [1, false]);
  respond(1, { result: "10" });
  assert.equal((await computing).result, "10");
  assert.deepEqual([worker.ended, executor.isAhead], [true, false]);
});

test("a worker whose units are withdrawn, and whose running one fails, is kept", async (context) => {
  const { executor, worker, compute, computing, respond, sent } = await ahead(context);
  executor.withdraw();
  respond(1, { kind: "threw", message: "no" });
  await assert.rejects(computing, { kind: "threw" });
  compute(1).catch(() => {});
  await eventually(() => sent().length === 6);
  assert.equal(worker.ended, false);
});

test("a rest ends a worker that has begun the next unit", async (context) => {
  const { executor, worker, computing, respond } = await ahead(context);
  respond(1, { result: "10" });
  await computing;
  executor.freeze(100);
  assert.deepEqual([worker.ended, worker.rests, executor.isAhead], [true, [], false]);
});

test("a unit that begins ahead and is not asked for soon ends its worker", async (context) => {
  const { clock, worker, computing, respond } = await ahead(context);
  respond(1, { result: "10" });
  await computing;
  worker.onfrozen();
  clock.advance(1.9);
  assert.equal(worker.ended, false);
  clock.advance(0.2);
  assert.equal(worker.ended, true);
});

test("a unit that was sent ahead and is not begun in time is computed by a new worker", async (context) => {
  const { clock, frame, compute, computing, respond } = await ahead(context);
  respond(1, { result: "10" });
  await computing;
  const second = compute(1);
  clock.advance(2);
  await eventually(() => frame.workers[1]?.units.length === 3);
  frame.workers[1].onresponse({ unit: frame.workers[1].units[0].unit, seconds: 0, result: "11" });
  assert.equal((await second).result, "11");
});

test("a unit that was sent ahead has its timeout from the call on", async (context) => {
  const { clock, worker, compute, computing, respond, sent } = await ahead(context);
  respond(1, { result: "10" });
  await computing;
  const second = compute(1);
  await eventually(() => sent().length === 4);
  worker.onfrozen();
  clock.advance(60);
  await assert.rejects(second, { kind: "timeout" });
  assert.equal(worker.ended, true);
});
