// The share of the time that a worker uses.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DutyCycle } from "../lib/duty-cycle.js";

/** What is owed after these records of `[used, now]`. */
function owed(share, ...records) {
  const cycle = new DutyCycle(0);
  let rest = 0;
  for (const [used, now] of records) {
    cycle.record(used, now);
    rest = cycle.owed(share);
  }
  return rest;
}

for (const [name, share, records, rest] of [
  ["a fifth of the time is used and four fifths are owed", 0.2, [[100, 100]], 400],
  ["time that has passed unused is rest", 0.5, [[100, 150]], 50],
  ["small uses add up", 0.5, [[1, 1], [2, 3], [4, 7]], 7],
  ["two processes at once use more than the time that passes", 0.5, [[200, 100]], 300],
  ["a rest ends", 0.25, [[100, 100], [0, 400]], 0],
  ["a rest that was too long counts for the next", 0.5, [[100, 100], [0, 230], [100, 330]], 70],
  ["a long time without work counts for a second at most", 0.5, [[0, 3_600_000], [5000, 3_605_000]], 4000],
  ["at the whole time nothing is owed", 1, [[200, 100]], 0],
]) {
  test(name, () => assert.equal(owed(share, ...records), rest));
}

test("what is owed follows a change of the share", () => {
  const cycle = new DutyCycle(0);
  cycle.record(1000, 1000);
  assert.deepEqual([0.1, 0.5, 1, 0.1].map((share) => cycle.owed(share)), [9000, 1000, 0, 0]);
});
