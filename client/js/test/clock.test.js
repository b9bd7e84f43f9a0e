// The clock of a page, with a worker that a test fires.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock } from "../browser/clock.js";

/** A clock at a time that the test sets. `messages` are the timeouts that its worker was told. */
function fakeClock(context) {
  const state = { now: 0, messages: [], terminated: false };
  const listeners = {};
  context.mock.method(performance, "now", () => state.now);
  globalThis.Worker = class {
    addEventListener = (name, listener) => (listeners[name] = listener);
    postMessage = (milliseconds) => state.messages.push(milliseconds);
    terminate = () => (state.terminated = true);
  };
  context.after(() => delete globalThis.Worker);
  const clock = new Clock();
  const passTo = (now) => {
    state.now = now;
    listeners.message({ data: null });
  };
  return { clock, state, passTo, fail: () => listeners.error({}) };
}

test("timers fire in order, each once", (context) => {
  const { clock, passTo } = fakeClock(context);
  const fired = [];
  for (const milliseconds of [300, 100, 200]) clock.after(milliseconds, () => fired.push(milliseconds));
  passTo(200);
  assert.deepEqual(fired, [100, 200]);
  passTo(300);
  assert.deepEqual(fired, [100, 200, 300]);
});

test("its worker has one timer, for the first that is due", (context) => {
  const { clock, state, passTo } = fakeClock(context);
  for (const milliseconds of [200, 300, 100]) clock.after(milliseconds, () => {});
  assert.deepEqual(state.messages, [200, 100]);
  passTo(100);
  assert.deepEqual(state.messages, [200, 100, 100]);
});

test("timers that are set and cancelled again cost no message", (context) => {
  const { clock, state, passTo } = fakeClock(context);
  const fired = [];
  for (let count = 0; count < 100; count += 1) clock.after(1000 + count, () => fired.push(count))();
  assert.deepEqual(state.messages, [1000]);
  passTo(1000);
  assert.deepEqual([fired, state.messages], [[], [1000]]);
});

test("a timer that another one cancels does not fire", (context) => {
  const { clock, passTo } = fakeClock(context);
  const fired = [];
  clock.after(100, () => cancel());
  const cancel = clock.after(100, () => fired.push("cancelled"));
  clock.after(100, () => fired.push("last"));
  passTo(100);
  assert.deepEqual(fired, ["last"]);
});

test("an error of one does not keep the others from firing", (context) => {
  const { clock, passTo } = fakeClock(context);
  const [fired, reported] = [[], []];
  globalThis.reportError = (ex) => reported.push(ex.message);
  context.after(() => delete globalThis.reportError);
  clock.after(100, () => {
    throw new Error("no luck");
  });
  clock.after(100, () => fired.push("other"));
  passTo(100);
  assert.deepEqual([fired, reported], [["other"], ["no luck"]]);
});

test("without its worker the page's own timers are used", async (context) => {
  const { clock, state, fail } = fakeClock(context);
  const firing = new Promise((resolve) => clock.after(0, resolve));
  fail();
  await firing;
  assert.equal(state.terminated, true);
});
