// The retry policy, by the table of cases that the Python client passes too (`test_retry_policy.py`).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Backoff, callDelay, jittered, retryAfterDelay } from "../lib/backoff.js";
import { BadCertificate, ForeignLink, ForeignResponse, MissingLink, PoolError, Unreachable } from "../lib/errors.js";
import { JobBackoff } from "../lib/job-backoff.js";
import { parseRetryAfter, PoolResponse } from "../lib/response.js";
import { isGone, isLost, isRetryable, isTemporary, isUnavailable, POLICY, shouldReport } from "../lib/retry-policy.js";
import { Shutdown } from "../lib/shutdown.js";
import { Upload } from "../lib/upload.js";

const CASES = JSON.parse(readFileSync(new URL("../../../tests/client/retry-cases.json", import.meta.url), "utf8"));

/** A test for each case of a part of the table. */
function testCases(part, name, run) {
  for (const one of CASES[part]) test(`${name}: ${JSON.stringify(one)}`, (context) => run(one, context));
}

const NAMED = {
  unreachable: () => new Unreachable("down"),
  "bad certificate": () => new BadCertificate("expired"),
  "missing link": () => new MissingLink("next", "/"),
  "foreign link": () => new ForeignLink("http://other.example/"),
};

/** The error that a case names. */
function errorOf(failure, retryAfter = null) {
  const foreign = /^foreign (\d+)$/.exec(failure);
  if (foreign) return new ForeignResponse(Number(foreign[1]), "text/html", retryAfter);
  return NAMED[failure]?.() ?? new PoolError(failure, "failed", "", { retryAfter });
}

/** Asserts on the delays at both ends of the random numbers. */
function assertDelays(context, { least, greatest }, delay) {
  for (const [number, expected] of [[0, least], [1, greatest]]) {
    const { mock } = context.mock.method(Math, "random", () => number);
    const found = delay();
    mock.restore();
    assert.ok(Math.abs(found - expected) < 1e-6, `${found} instead of ${expected}`);
  }
}

testCases("responses", "a response counts as the pool's", (one) => {
  const { status, type, location, body, of_pool = false, stored = false } = one;
  const headers = new Headers({ ...(type && { "Content-Type": type }), ...(location && { Location: location }) });
  const response = new PoolResponse("http://pool.example/", { status, headers }, body);
  assert.deepEqual([response.isOfPool, response.hasStored], [of_pool, stored]);
});

testCases("failures", "a failure is retried by", (one) => {
  const { failure, call = false, volunteer = false, start = false, gone = false, lost = false } = one;
  const ex = errorOf(failure);
  const found = [isRetryable(ex), isTemporary(ex), isUnavailable(ex), isGone(ex), isLost(ex)];
  assert.deepEqual(found, [call, volunteer, start, gone, lost]);
});

testCases("call_delays", "a call waits", (one, context) => {
  const ex = errorOf(one.failure, one.retry_after);
  const delay = () => callDelay(ex, one.attempt, one.first_delay ?? POLICY.callFirstDelay);
  if (one.final) assert.equal(delay(), undefined);
  else assertDelays(context, one, delay);
});

testCases("backoff_delays", "backoff waits", (one, context) => {
  assertDelays(context, one, () => {
    const backoff = new Backoff();
    return Array.from({ length: one.failures }, () => backoff.next(one.retry_after)).at(-1);
  });
});

test("backoff restarts after a reset", () => {
  const backoff = new Backoff();
  for (let count = 0; count < 5; count += 1) backoff.next();
  backoff.reset();
  assert.equal(backoff.failures, 0);
  assert.ok(backoff.next() <= 0.6);
});

testCases("no_work_delays", "without work a volunteer waits", (one, context) => {
  assertDelays(context, one, () => retryAfterDelay(one.retry_after ?? null));
});

test("delays have jitter", () => {
  assert.ok(new Set(Array.from({ length: 20 }, () => jittered(10))).size > 10);
});

testCases("reports", "a failure is reported", ({ failures, delay, reported }) => {
  assert.equal(shouldReport(failures, delay), reported);
});

/** A clock whose timers fire at once. */
const impatientClock = {
  now: () => 0,
  after: (_, callback) => {
    queueMicrotask(callback);
    return () => {};
  },
};

/** The outcome of one result's upload; undefined if it was abandoned. */
async function uploaded(clock, task, error = () => {}) {
  const ends = [];
  const end = async (_, outcome) => ends.push(outcome);
  const upload = new Upload(clock, new Shutdown(clock), { end, error, request: () => {} });
  await upload.run([{ task, computed: {}, since: clock.now() }]);
  assert.equal(ends.length, 1);
  return ends[0];
}

testCases("uploads", "an upload ends", async ({ failures, outcome, attempts }) => {
  let posts = 0;
  const post = async () => {
    posts += 1;
    if (posts <= failures.length) throw errorOf(failures[posts - 1]);
  };
  const task = { post, complete: () => {} };
  const found = await uploaded(impatientClock, task);
  assert.deepEqual([found.outcome, posts], [outcome, attempts]);
});

testCases("given_up", "a result is given up, and that is said", async ({ failure, least, greatest }) => {
  let now = 0;
  const after = (milliseconds, callback) => {
    now += milliseconds;
    queueMicrotask(callback);
    return () => {};
  };
  const clock = { now: () => now, after };
  const post = async () => {
    throw errorOf(failure);
  };
  const task = { post, giveBack: async () => true };
  const said = [];
  assert.equal(await uploaded(clock, task, (item, kind, message) => said.push(message)), undefined);
  assert.match(said.at(-1), /^the result could not be posted for 86400 s: /);
  assert.ok(now / 1000 >= least && now / 1000 <= greatest, `after ${now / 1000} s`);
});

testCases("job_backoff", "a job is paused", ({ steps, remaining, failing }) => {
  let now = 0;
  const jobBackoff = new JobBackoff(() => now);
  const apply = (step) => {
    if (step === "fail") jobBackoff.recordFailure("job");
    else if (step === "succeed") jobBackoff.recordSuccess("job");
    else if (step.pause) jobBackoff.pause("job", step.pause);
    else if (step.pass) now += step.pass * 1000;
    else for (let count = 0; count < step.times; count += 1) apply(step.step);
  };
  steps.forEach(apply);
  assert.deepEqual([jobBackoff.remaining("job"), jobBackoff.isFailing("job")], [remaining, failing]);
  assert.deepEqual([jobBackoff.remaining("other"), jobBackoff.isFailing("other")], [0, false]);
});

test("the pause of a failing job is returned", () => {
  const jobBackoff = new JobBackoff(() => 0);
  assert.deepEqual(Array.from({ length: 6 }, () => jobBackoff.recordFailure("job")), [0, 0, 30, 60, 120, 240]);
});

testCases("retry_after_headers", "Retry-After is read", ({ header, date, seconds }) => {
  const headers = new Headers({ "Retry-After": header, ...(date && { Date: date }) });
  assert.equal(parseRetryAfter(headers), seconds);
});
