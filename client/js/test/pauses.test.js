// When to try again, and for how long a job is left alone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Aside } from "../lib/aside.js";
import { Means } from "../lib/means.js";
import { asAsked, Backoff, jittered } from "../lib/pauses.js";

test("a job left aside is left for longer each time, up to an hour", () => {
  const aside = new Aside(() => 0);
  const waits = Array.from({ length: 12 }, () => aside.blame("job"));
  assert.deepEqual(waits.slice(0, 6), [0, 0, 30, 60, 120, 240]);
  assert.equal(waits.at(-1), 3600);
});

test("a success is the end of a job's failures", () => {
  const aside = new Aside(() => 0);
  for (let count = 0; count < 5; count += 1) aside.blame("job");
  aside.forgive("job");
  assert.equal(aside.blame("job"), 0);
});

test("time passes for a job left aside", () => {
  let now = 0;
  const aside = new Aside(() => now);
  aside.put("job", 30);
  now = 10_000;
  assert.deepEqual([aside.remaining("job"), aside.remaining("other")], [20, 0]);
  now = 31_000;
  assert.equal(aside.remaining("job"), 0);
});

test("backoff grows to about a minute", () => {
  const backoff = new Backoff();
  const waits = Array.from({ length: 12 }, () => backoff.next());
  assert.ok(waits[0] <= 0.6 && waits.at(-1) >= 48 && waits.at(-1) <= 72);
});

test("backoff begins anew after a success", () => {
  const backoff = new Backoff();
  for (let count = 0; count < 5; count += 1) backoff.next();
  backoff.reset();
  assert.ok(backoff.next() <= 0.6);
});

test("no pause is shorter than what the pool asked for, up to an hour", () => {
  const asked = [new Backoff().next(30), asAsked(90), asAsked(1e9)];
  assert.ok(asked[0] >= 30 && asked[0] <= 36 && asked[1] >= 90 && asked[2] <= 4320);
});

test("pauses are jittered", () => {
  assert.ok(new Set(Array.from({ length: 20 }, () => jittered(10))).size > 10);
});

test("of a mean, what was measured last counts most", () => {
  const means = new Means();
  for (const value of [10, 10, 20]) means.add("job", value);
  assert.equal(means.of("job"), 13);
  assert.equal(means.of("other"), undefined);
});

test("a job that has nothing to offer is not one that fails", () => {
  const aside = new Aside(() => 0);
  aside.put("one", 10);
  assert.deepEqual([aside.remaining("one"), aside.isFailing("one")], [10, false]);
});

test("that a job has nothing to offer does not shorten how long it is left aside for failing", () => {
  const aside = new Aside(() => 0);
  for (let failure = 0; failure < 3; failure += 1) aside.blame("one");
  aside.put("one", 1);
  assert.deepEqual([aside.remaining("one"), aside.isFailing("one")], [30, true]);
});
