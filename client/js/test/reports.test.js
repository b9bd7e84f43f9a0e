// What owners learn of their jobs: reports of failed units, and of what units print.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Client } from "../index.js";
import { consoleReport, failureReport } from "../lib/report.js";
import { JobError } from "../lib/errors.js";
import { CUT, eventually, FakePool } from "./fake-pool.js";
import { FakeClock, Held, numbers, Watched } from "./fake-platform.js";

const CASES = JSON.parse(readFileSync(new URL("../../../tests/client/retry-cases.json", import.meta.url), "utf8"));
const REPORTS = /reports$/;
const NEVER = 600;

/** A worker whose first unit runs. */
async function computing(context, { takesReports = true, ...options } = {}) {
  const pool = await FakePool.for(context);
  pool.takesReports = takesReports;
  pool.addJob("broken", numbers(9));
  const [clock, held] = [new FakeClock(), new Held()];
  const watched = await Watched.start(context, pool, { clock, compute: held.compute, ...options });
  await eventually(() => held.units.length === 1);
  return { pool, clock, held, watched };
}

/** Advances the clock from timer to timer until a condition holds. */
const passing = (clock, condition) =>
  eventually(() => condition() || (clock.waits.length > 0 && void clock.advance(Math.min(clock.waits[0], NEVER))));

test("a failed unit is reported, which ends its lease", async (context) => {
  const { pool, clock, held, watched } = await computing(context);
  clock.advance(2.5);
  held.fail("threw", "TypeError: no luck", { stack: "TypeError: no luck\n    at f (1:2)", console: "before\n" });
  await watched.waitFor("error", { kind: "threw", message: "TypeError: no luck" });
  const error = { kind: "threw", message: "TypeError: no luck", stack: "TypeError: no luck\n    at f (1:2)" };
  const report = { error, console: "before\n", engine: "Fake 1", run_seconds: 2.5 };
  assert.deepEqual(pool.reports, [{ job: "broken", variable: "0000", ...report }]);
  assert.deepEqual([pool.returned, watched.volunteer.totals.failed], [[], 1]);
});

for (const kind of ["code", "no-result", "not-json", "too-large", "timeout", "memory", "crash", "misbehaved"]) {
  test(`a failure that may be the job's fault is reported: ${kind}`, async (context) => {
    const { pool, held, watched } = await computing(context);
    held.fail(kind);
    await watched.waitFor("error", { kind });
    assert.deepEqual([pool.reports.map(({ error }) => error.kind), pool.returned], [[kind], []]);
  });
}

for (const kind of ["sandbox", "cancelled"]) {
  test(`a failure that is not the job's fault is no report: the unit is given back: ${kind}`, async (context) => {
    const { pool, held, watched } = await computing(context);
    held.fail(kind);
    await watched.waitFor("error", { kind });
    assert.deepEqual([pool.reports, pool.returned], [[], ["0000"]]);
  });
}

test("an error of the executor itself is no report", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(1));
  const compute = () => {
    throw new RangeError("unexpected");
  };
  const watched = await Watched.start(context, pool, { compute });
  await watched.waitFor("error", { kind: "crash" });
  assert.deepEqual([pool.reports, pool.returned], [[], ["0000"]]);
});

test("an older pool, which takes no reports, gets the unit back", async (context) => {
  const { pool, held, watched } = await computing(context, { takesReports: false });
  held.fail("threw");
  await watched.waitFor("error", { kind: "threw", message: "failed by the test" });
  assert.deepEqual(pool.returned, ["0000"]);
});

test("a stop cancels a unit without a report", async (context) => {
  const { pool, watched } = await computing(context);
  await watched.volunteer.stop();
  assert.deepEqual([pool.reports, pool.returned], [[], ["0000"]]);
});

// ---- reports that can't be posted

for (const status of [429, 502, 503, 504, 507, CUT]) {
  test(`a report is posted again after ${String(status)}`, async (context) => {
    const { pool, clock, held, watched } = await computing(context);
    pool.misbehave("POST", REPORTS, status);
    held.fail("threw", "no luck");
    await passing(clock, () => watched.eventsOf("error").length > 0);
    assert.deepEqual(watched.eventsOf("error").map(({ message }) => message), ["no luck"]);
    assert.equal(pool.reports.length, 1);
    assert.equal(pool.requestsTo("POST", REPORTS).length, 2);
  });
}

test("a report is given up after five attempts, and the lease expires", async (context) => {
  const { pool, clock, held, watched } = await computing(context);
  pool.misbehave("POST", REPORTS, 503, { times: 9 });
  held.fail("threw", "no luck");
  await passing(clock, () => watched.eventsOf("error", { kind: "threw" }).length > 0);
  assert.match(watched.eventsOf("error", { kind: "threw" })[0].message, /^no luck \(and could not be reported: 503 /);
  assert.deepEqual([pool.requestsTo("POST", REPORTS).length, pool.returned], [5, []]);
});

test("a report that the pool defers for minutes is given up", async (context) => {
  const { pool, held, watched } = await computing(context);
  pool.misbehave("POST", REPORTS, 429, { headers: { "Retry-After": "600" } });
  held.fail("threw", "no luck");
  await watched.waitFor("error", { kind: "threw" });
  assert.equal(pool.requestsTo("POST", REPORTS).length, 1);
});

for (const status of [400, 413, 422, 500]) {
  test(`after ${status} the unit is given back without a report`, async (context) => {
    const { pool, held, watched } = await computing(context);
    pool.misbehave("POST", REPORTS, status);
    held.fail("threw", "no luck");
    const { message } = await watched.waitFor("error", { kind: "threw" });
    assert.match(message, /and could not be reported/);
    assert.deepEqual([pool.requestsTo("POST", REPORTS).length, pool.returned], [1, ["0000"]]);
  });
}

for (const status of [404, 409, 410]) {
  test(`after ${status} the lease is lost, and nothing more to be said`, async (context) => {
    const { pool, held, watched } = await computing(context);
    pool.misbehave("POST", REPORTS, status);
    held.fail("threw", "no luck");
    await watched.waitFor("error", { kind: "threw", message: "no luck" });
    assert.deepEqual([pool.requestsTo("POST", REPORTS).length, pool.returned], [1, []]);
  });
}

test("a stop ends the retries of a report", async (context) => {
  const { pool, held, watched } = await computing(context);
  pool.misbehave("POST", REPORTS, 503, { times: 9 });
  held.fail("threw");
  await eventually(() => pool.requestsTo("POST", REPORTS).length === 1);
  await watched.volunteer.stop();
  assert.ok(pool.requestsTo("POST", REPORTS).length <= 2);
});

// ---- results that the pool does not take

for (const one of CASES.refusals) {
  test(`the lease of a refused result ends: ${JSON.stringify(one)}`, async (context) => {
    const { status, type, outcome, reported, given_back = false } = one;
    const { pool, held, watched } = await computing(context);
    pool.problemType = type;
    pool.misbehave("POST", /results$/, status);
    held.release();
    const { reason } = await watched.waitFor("unit", { outcome });
    assert.equal(reason, "misbehaving");
    assert.deepEqual(pool.reports.map(({ error }) => error.kind), reported ? [reported] : []);
    assert.deepEqual(pool.returned, given_back ? ["0000"] : []);
  });
}

test("the report of a refused result has the pool's reason and what was printed", async (context) => {
  const { pool, held } = await computing(context);
  pool.misbehave("POST", /results$/, 413);
  held.release(1, 2, "a = 0\n");
  const [report] = await eventually(() => pool.reports.length === 1 && pool.reports);
  const error = { kind: "too-large", message: "the pool refused the result: misbehaving", stack: "" };
  const unit = { job: "broken", variable: "0000" };
  assert.deepEqual(report, { ...unit, error, console: "a = 0\n", engine: "Fake 1", run_seconds: 2 });
});

test("an older pool, which takes no reports, gets a refused result's unit back", async (context) => {
  const { pool, held, watched } = await computing(context, { takesReports: false });
  pool.misbehave("POST", /results$/, 413);
  held.release();
  await watched.waitFor("unit", { outcome: "refused" });
  assert.deepEqual(pool.returned, ["0000"]);
});

test("that a refused result could not be reported is said", async (context) => {
  const { pool, clock, held, watched } = await computing(context);
  pool.misbehave("POST", /results$/, 413);
  pool.misbehave("POST", REPORTS, 503, { times: 9 });
  held.release();
  await passing(clock, () => watched.eventsOf("unit", { outcome: "refused" }).length > 0);
  const [{ reason }] = watched.eventsOf("unit", { outcome: "refused" });
  assert.match(reason, /^misbehaving \(and could not be reported: 503 /);
});

// ---- what units print

test("what a successful unit prints is reported after its result", async (context) => {
  const { pool, held } = await computing(context);
  held.release(1, 2, "line\n");
  await eventually(() => pool.reports.length === 1);
  const report = { console: "line\n", engine: "Fake 1", run_seconds: 2 };
  assert.deepEqual(pool.reports, [{ job: "broken", variable: "0000", ...report }]);
  const posts = pool.requests.filter(({ method }) => method === "POST").map(({ path }) => path.split("/").at(-1));
  assert.deepEqual(posts, ["results", "reports"]);
});

test("once a minute for each job", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("one", numbers(9));
  pool.addJob("other", numbers(9));
  const [clock, held] = [new FakeClock(), new Held()];
  const watched = await Watched.start(context, pool, { clock, compute: held.compute, jobs: ["one"] });
  const compute = async (count) => {
    await eventually(() => held.units.length === count);
    held.release(1, 0, `unit ${count}\n`);
    await watched.waitFor("unit", {}, count);
  };
  await compute(1);
  clock.advance(20);
  await compute(2);
  clock.advance(41);
  await compute(3);
  await eventually(() => pool.reports.length === 2);
  assert.deepEqual(pool.reports.map(({ console }) => console), ["unit 1\n", "unit 3\n"]);
  await eventually(() => held.units.length === 4);
  watched.volunteer.configure({ jobs: ["other"] });
  held.release();
  await passing(clock, () => held.units.length === 5);
  held.release(1, 0, "another\n");
  await eventually(() => pool.reports.length === 3);
  assert.deepEqual([pool.reports[2].job, pool.reports[2].console], ["other", "another\n"]);
});

test("a unit that prints nothing is no report", async (context) => {
  const { pool, held, watched } = await computing(context);
  held.release();
  await watched.waitFor("unit");
  await eventually(() => held.units.length === 2);
  assert.deepEqual(pool.requestsTo("POST", REPORTS), []);
});

test("what is printed is reported of a rejected result too", async (context) => {
  const { pool, held } = await computing(context);
  pool.validate = () => "wrong";
  held.release(1, 0, "line\n");
  await eventually(() => pool.reports.length === 1);
});

test("that it can't be reported is no event", async (context) => {
  const { pool, held, watched } = await computing(context);
  pool.misbehave("POST", REPORTS, 422, { times: 9 });
  held.release(1, 0, "line\n");
  await eventually(() => pool.requestsTo("POST", REPORTS).length === 1 && held.units.length === 2);
  await watched.volunteer.stop();
  assert.deepEqual(watched.eventsOf("error"), []);
});

// ---- the documents

test("texts are cut to the pool's limits", () => {
  const long = "x".repeat(20_000);
  const failure = new JobError("threw", long, { stack: long, console: long });
  const { error, console, engine } = failureReport(failure, long, 1);
  const lengths = [error.message, error.stack, console, engine].map((text) => text.length);
  assert.deepEqual(lengths, [2000, 4000, 10_000, 200]);
});

test("half a surrogate pair is replaced", () => {
  assert.equal(consoleReport(`a\ud83d ${"x".repeat(9996)}🦀`, "", 1).console, `a\ufffd ${"x".repeat(9996)}\ufffd`);
});

test("any client may post a report by a lease's link", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(1));
  const client = new Client(pool.url);
  const { items: [lease] } = await client.lease(await client.job("doubler"));
  await client.postReport(lease, { error: { kind: "threw", message: "no luck" } });
  assert.deepEqual(pool.reports, [{ job: "doubler", variable: "0000", error: { kind: "threw", message: "no luck" } }]);
});

test("a pool without that link is a MissingLink", async (context) => {
  const pool = await FakePool.for(context);
  pool.takesReports = false;
  pool.addJob("doubler", numbers(1));
  const client = new Client(pool.url);
  const { items: [lease] } = await client.lease(await client.job("doubler"));
  await assert.rejects(client.postReport(lease, {}), { name: "MissingLink", link: "post_report" });
});
