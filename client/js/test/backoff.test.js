// Delays between retries, and the backoff of jobs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { JobBackoff } from "../lib/job-backoff.js";
import { MovingAverages } from "../lib/moving-average.js";
import { retryAfterDelay, Backoff, jittered } from "../lib/backoff.js";

test("the pause of a failing job grows to an hour", () => {
  const jobBackoff = new JobBackoff(() => 0);
  const waits = Array.from({ length: 12 }, () => jobBackoff.recordFailure("job"));
  assert.deepEqual(waits.slice(0, 6), [0, 0, 30, 60, 120, 240]);
  assert.equal(waits.at(-1), 3600);
});

test("a success resets a job's failures", () => {
  const jobBackoff = new JobBackoff(() => 0);
  for (let count = 0; count < 5; count += 1) jobBackoff.recordFailure("job");
  jobBackoff.recordSuccess("job");
  assert.equal(jobBackoff.recordFailure("job"), 0);
});

test("a job's pause ends with time", () => {
  let now = 0;
  const jobBackoff = new JobBackoff(() => now);
  jobBackoff.pause("job", 30);
  now = 10_000;
  assert.deepEqual([jobBackoff.remaining("job"), jobBackoff.remaining("other")], [20, 0]);
  now = 31_000;
  assert.equal(jobBackoff.remaining("job"), 0);
});

test("backoff grows to about a minute", () => {
  const backoff = new Backoff();
  const waits = Array.from({ length: 12 }, () => backoff.next());
  assert.ok(waits[0] <= 0.6 && waits.at(-1) >= 48 && waits.at(-1) <= 72);
});

test("backoff restarts after a reset", () => {
  const backoff = new Backoff();
  for (let count = 0; count < 5; count += 1) backoff.next();
  backoff.reset();
  assert.ok(backoff.next() <= 0.6);
});

test("no delay is shorter than Retry-After, up to an hour", () => {
  const delays = [new Backoff().next(30), retryAfterDelay(90), retryAfterDelay(1e9)];
  assert.ok(delays[0] >= 30 && delays[0] <= 36 && delays[1] >= 90 && delays[2] <= 4320);
});

test("delays have jitter", () => {
  assert.ok(new Set(Array.from({ length: 20 }, () => jittered(10))).size > 10);
});

test("a moving average weighs recent values more", () => {
  const averages = new MovingAverages();
  for (const value of [10, 10, 20]) averages.add("job", value);
  assert.equal(averages.get("job"), 13);
  assert.equal(averages.get("other"), undefined);
});

test("a job without open variables is not a failing one", () => {
  const jobBackoff = new JobBackoff(() => 0);
  jobBackoff.pause("one", 10);
  assert.deepEqual([jobBackoff.remaining("one"), jobBackoff.isFailing("one")], [10, false]);
});

test("a shorter pause does not shorten a longer one", () => {
  const jobBackoff = new JobBackoff(() => 0);
  for (let failure = 0; failure < 3; failure += 1) jobBackoff.recordFailure("one");
  jobBackoff.pause("one", 1);
  assert.deepEqual([jobBackoff.remaining("one"), jobBackoff.isFailing("one")], [30, true]);
});
