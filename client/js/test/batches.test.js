// Units that are leased together, and results that are posted together.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Client, Document, Lease } from "../index.js";
import { BatchSizes } from "../lib/batch-size.js";
import { POLICY } from "../lib/retry-policy.js";
import { eventually, FakePool } from "./fake-pool.js";
import { FakeClock, Held, numbers, Watched } from "./fake-platform.js";

const CASES = JSON.parse(readFileSync(new URL("../../../tests/client/retry-cases.json", import.meta.url), "utf8"));
const FOREIGN = CASES.responses.filter(({ of_pool }) => !of_pool);
const LEASES = /variables$/;
const TOGETHER = /^\/jobs\/[^/]+\/results$/;
const ALONE = /variables\/\d+\/results$/;

async function poolWithBatches(context, count, options) {
  const pool = await FakePool.for(context);
  pool.takesBatches = true;
  return { pool, job: pool.addJob("doubler", numbers(count), options) };
}

const counts = (pool) => pool.requestsTo("GET", LEASES).map(({ query }) => Number(query.get("count") ?? 1));
const together = (pool) => pool.requestsTo("POST", TOGETHER).map(({ body }) => body.trim().split("\n").length);
const variables = (watched, outcome) => watched.eventsOf("unit", { outcome }).map(({ variable }) => variable);
const names = (from, to) => Array.from({ length: to - from }, (_, index) => String(from + index).padStart(4, "0"));

/** Advances the clock from timer to timer until a condition holds. */
const passing = (clock, condition) =>
  eventually(() => condition() || (clock.waits.length > 0 && void clock.advance(clock.waits[0])));

/**
 * A worker that has computed a unit of so many seconds, then `computed` units of the batch of eight that followed after
 * one of two and one of four.
 */
async function withinBatch(context, { computed = 0, count = 40, runTime = 0.01, contexts = {}, ...options } = {}) {
  const { pool, job } = await poolWithBatches(context, count);
  for (const [name, value] of Object.entries(contexts)) job.contexts.set(name, value);
  const [clock, held] = [new FakeClock(), new Held()];
  const watched = await Watched.start(context, pool, { clock, compute: held.compute, ...options });
  for (let number = 1; number <= 7 + computed; number += 1) {
    await eventually(() => held.units.length === number);
    held.release(number, runTime);
  }
  await eventually(() => held.units.length === 8 + computed);
  await eventually(() => watched.eventsOf("unit").length === 7);
  return { pool, job, clock, held, watched, volunteer: watched.volunteer };
}

// ---- the client

/** A job of a pool with batches, and a client that does not retry. */
async function clientOf(context, count = 3) {
  const { pool } = await poolWithBatches(context, count);
  const client = new Client(pool.url, { retries: { attempts: 1 } });
  return { pool, client, job: await client.job("doubler") };
}

test("several variables are leased by one request, each as alone", async (context) => {
  const { pool, client, job } = await clientOf(context);
  const { items } = await client.leaseVariables(job, 2);
  assert.deepEqual(items.map(({ data, name, seconds }) => [data.a, name, seconds]), [[0, "0000", 30], [1, "0001", 30]]);
  assert.deepEqual(counts(pool), [2]);
  assert.deepEqual((await client.leaseVariables(job, 2)).items.length, 1);
  assert.deepEqual(await client.leaseVariables(job, 2), { items: [], retryAfter: 10 });
});

for (const items of [[], [1, 2, 3], [{ a: 1 }], undefined]) {
  test(`a response that is none to the request for two leases is foreign: ${JSON.stringify(items)}`, async (context) => {
    const { pool, client, job } = await clientOf(context);
    const lease = { _links: { post_result: "/x" } };
    const embedded = items?.map((item) => (item.a ? item : lease));
    pool.misbehave("GET", LEASES, () => ({ document: { _embedded: { items: embedded } } }));
    await assert.rejects(client.leaseVariables(job, 2), { name: "ForeignResponse" });
  });
}

test("several results are posted by one request, each with its outcome", async (context) => {
  const { pool, client, job } = await clientOf(context);
  const { items } = await client.leaseVariables(job, 3);
  pool.validate = (result) => (result === "wrong" ? "wrong" : undefined);
  pool.misbehave("POST", /0002\/results$/, 429, { headers: { "Retry-After": "7" } });
  const posted = await client.postResults(job, [
    { variable: items[0], text: '{\n"b": 1}', seconds: 0.25 },
    { variable: items[1], text: '"wrong"' },
    { variable: items[2], text: "3" },
  ]);
  const home = `${pool.origin}/jobs/doubler/variables`;
  assert.deepEqual(posted[0], { location: `${home}/0000/results/1` });
  assert.deepEqual(posted.slice(1).map(({ error: { name, status, retryAfter } }) => [name, status, retryAfter]), [
    ["PoolError", 422, null],
    ["PoolError", 429, 7],
  ]);
  const [{ body, headers }] = pool.requestsTo("POST", TOGETHER);
  const [line] = body.split("\n");
  const link = "/jobs/doubler/variables/0000/results?lease=token-0";
  assert.deepEqual(JSON.parse(line), { post_result: link, result: { b: 1 }, run_seconds: 0.25 });
  assert.equal(headers["content-type"], "application/x-ndjson");
});

test("text that is no JSON could be more than a result, and is not posted", async (context) => {
  const { pool, client, job } = await clientOf(context);
  const { items: [variable] } = await client.leaseVariables(job, 1);
  const text = '1,"post_result":"/jobs/doubler/variables/0001/results"';
  await assert.rejects(client.postResults(job, [{ variable, text }]), SyntaxError);
  assert.deepEqual(pool.requestsTo("POST", TOGETHER), []);
});

const STORED = { status: 201, location: "/jobs/doubler/variables/0000/results/1" };
for (const outcomes of [
  undefined, {}, [], [STORED, STORED], [null], [201], [{ status: 201 }], [{ status: 200, location: STORED.location }],
  [{ status: 422 }], [{ status: "422", problem: {} }], [{ ...STORED, location: "/jobs/doubler/variables/0001/results/1" }],
  [{ ...STORED, location: "http://[" }], [{ ...STORED, location: "/jobs/doubler/variables/0000/results" }],
]) {
  test(`outcomes that are not those of the results are foreign: ${JSON.stringify(outcomes)}`, async (context) => {
    const { pool, client, job } = await clientOf(context);
    const { items: [variable] } = await client.leaseVariables(job, 1);
    pool.misbehave("POST", TOGETHER, () => ({ document: { outcomes } }));
    await assert.rejects(client.postResults(job, [{ variable, text: "1" }]), { name: "ForeignResponse" });
  });
}

test("a pool without batches is a MissingLink", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("doubler", numbers(1));
  const client = new Client(pool.url);
  const job = await client.job("doubler");
  await assert.rejects(client.leaseVariables(job, 2), { name: "MissingLink", link: "lease_variables" });
  await assert.rejects(client.postResults(job, []), { name: "MissingLink", link: "post_results" });
});

// ---- sizes

/** The size of the next batch after units of so many seconds. */
function sizeAfter({ runTimes, last = 256, leaseSeconds = 300, visit = 0, share = 1, variableBytes = 100 }) {
  const size = new BatchSizes({ now: () => visit * 1000 }, 0, (runTime) => runTime / share).of("job");
  for (const seconds of runTimes) size.recordRun(seconds);
  const headers = new Headers({ "Content-Length": String(last * variableBytes), "Lease-Seconds": String(leaseSeconds) });
  size.recordBatch(Array(last).fill(new Lease(new Document("http://pool.example/", {}, headers))));
  return size.next;
}

for (const [given, expected] of [
  [{ runTimes: [] }, 1],
  [{ runTimes: [0.1], last: 1 }, 2],
  [{ runTimes: [0.1], last: 8 }, 16],
  [{ runTimes: [0.1] }, 30],
  [{ runTimes: [0.1, 0.3] }, 15],
  [{ runTimes: [0] }, 256],
  [{ runTimes: [10] }, 1],
  [{ runTimes: [0.1], visit: 60 }, 60],
  [{ runTimes: [0.1], visit: 3600 }, 120],
  [{ runTimes: [0.1], leaseSeconds: 4 }, 10],
  [{ runTimes: [0.1], leaseSeconds: 4, visit: 3600 }, 10],
  [{ runTimes: [0.1], share: 0.2 }, 6],
  [{ runTimes: [0], variableBytes: 100_000 }, 40],
  [{ runTimes: [0], variableBytes: 10_000_000 }, 1],
  [{ runTimes: [...Array(256).fill(1), ...Array(128).fill(0)] }, 6],
]) {
  const { runTimes, ...more } = given;
  const shown = { ...more, units: runTimes.length, first: runTimes[0] };
  test(`the next batch has ${expected} units after ${JSON.stringify(shown)}`, () => {
    assert.equal(sizeAfter(given), expected);
  });
}

test("batches double, from one unit on", async (context) => {
  const { pool } = await poolWithBatches(context, 100);
  const watched = await Watched.start(context, pool);
  await watched.waitFor("unit", { outcome: "accepted" }, 100);
  assert.deepEqual(counts(pool).slice(0, 6), [1, 2, 4, 8, 16, 32]);
  assert.deepEqual(together(pool).slice(0, 5), [2, 4, 8, 16, 32]);
  assert.deepEqual(variables(watched, "accepted").sort(), names(0, 100));
  assert.deepEqual([watched.volunteer.totals.units, pool.returned], [100, []]);
});

test("with a pool that leases and takes single units, there are no batches", async (context) => {
  const { pool } = await poolWithBatches(context, 20);
  pool.takesBatches = false;
  const watched = await Watched.start(context, pool);
  await watched.waitFor("unit", { outcome: "accepted" }, 20);
  assert.deepEqual([new Set(counts(pool)), together(pool)], [new Set([1]), []]);
});

test("at a share of the time rests count for the size of a batch", async (context) => {
  const { pool } = await poolWithBatches(context, 40);
  const clock = new FakeClock();
  const compute = () => ({ value: 1, seconds: 0.5 });
  const watched = await Watched.start(context, pool, { clock, compute, throttle: 0.5 });
  await passing(clock, () => watched.eventsOf("unit").length >= 20);
  assert.ok(counts(pool).every((count) => count <= 3));
});

test("each unit has its own starting context, and the job's is kept", async (context) => {
  const { held } = await withinBatch(context, { contexts: { "0004": { from: "below" } } });
  const contexts = held.units.map((unit) => unit.context);
  assert.deepEqual(contexts.slice(3, 6), [null, '{"from":"below"}', null]);
});

test("several workers have batches of their own", async (context) => {
  const { pool } = await poolWithBatches(context, 100);
  const watched = await Watched.start(context, pool, { workers: 2 });
  await watched.waitFor("unit", { outcome: "accepted" }, 100);
  const computed = watched.platform.executors.map(({ units }) => units.length);
  assert.ok(computed.every((units) => units > 20) && computed[0] + computed[1] === 100);
});

// ---- fetching ahead

test("the next batch is leased while the last units of one are computed", async (context) => {
  const { pool, held } = await withinBatch(context, { runTime: 0.4, computed: 0 });
  // Of 2.8 s that seven units take, the last 2 s.
  assert.deepEqual(counts(pool), [1, 2, 4, 7]);
  for (const number of [8, 9]) {
    held.release(1, 0.4);
    await eventually(() => held.units.length === number + 1);
  }
  await eventually(() => counts(pool).length === 5);
});

test("a batch that can't be leased is smaller at the next attempts, and single in the end", async (context) => {
  const { pool, clock, held, watched } = await withinBatch(context, { count: 90 });
  await eventually(() => counts(pool).length === 5);
  pool.misbehave("GET", LEASES, () => ({ headers: { "Content-Type": "text/html" }, text: "too large" }), { times: 5 });
  await eventually(() => {
    if (held.isHeld) held.release(1, 0.01);
    else if (watched.volunteer.workers[0].state === "waiting") clock.advance(1);
    return counts(pool).length >= 12;
  });
  assert.deepEqual(counts(pool).slice(5, 12), [32, 16, 8, 4, 2, 1, 2]);
});

test("a batch that a cache repeats is not computed again", async (context) => {
  const { pool } = await poolWithBatches(context, 12);
  const clock = new FakeClock();
  let batch;
  pool.misbehave("GET", LEASES, (request) => pool.respond(request));
  pool.misbehave("GET", LEASES, (request) => (batch = pool.respond(request)));
  pool.misbehave("GET", LEASES, () => batch, { times: 2 });
  const watched = await Watched.start(context, pool, { clock });
  await passing(clock, () => watched.eventsOf("unit").length === 12);
  assert.equal(watched.platform.executors[0].units.length, 12);
  assert.match(watched.eventsOf("error", { kind: "foreign" })[0].message, /a lease that was served before$/);
});

test("a limit on leases that a prefetch meets ends once the results are posted", async (context) => {
  const { pool } = await poolWithBatches(context, 31);
  pool.problemType = "urn:comp-pool:limit";
  pool.misbehave("GET", LEASES, (request) => pool.respond(request), { times: 3 });
  pool.misbehave("GET", LEASES, 429, { headers: { "Retry-After": "600" } });
  const watched = await Watched.start(context, pool, { clock: new FakeClock() });
  await watched.waitFor("unit", { outcome: "accepted" }, 8);
  assert.deepEqual(watched.eventsOf("error"), []);
});

// ---- posting

test("the results of a batch are posted together once it is complete", async (context) => {
  const { pool, held, watched } = await withinBatch(context, { computed: 7 });
  assert.deepEqual(together(pool), [2, 4]);
  held.release(1, 0.01);
  await watched.waitFor("unit", { outcome: "accepted" }, 15);
  assert.deepEqual(together(pool), [2, 4, 8]);
  assert.deepEqual(variables(watched, "accepted"), names(0, 15));
  assert.equal(watched.volunteer.totals.units, 15);
});

test("or a few seconds after the first of them", async (context) => {
  const { pool, clock, held, watched } = await withinBatch(context, { computed: 2 });
  clock.advance(2.9);
  held.release(1, 2);
  await eventually(() => held.units.length === 11);
  assert.deepEqual(together(pool), [2, 4]);
  clock.advance(0.2);
  await watched.waitFor("unit", { outcome: "accepted" }, 10);
  assert.deepEqual(together(pool), [2, 4, 3]);
});

test("or when they are large", async (context) => {
  const { pool, held, watched } = await withinBatch(context);
  for (const number of [8, 9]) {
    await eventually(() => held.units.length === number);
    held.release("\u00e9".repeat(POLICY.batchBytes / 4), 0.01);
  }
  await watched.waitFor("unit", { outcome: "accepted" }, 8);
  assert.deepEqual(together(pool).slice(0, 2), [2, 4]);
  assert.equal(pool.requestsTo("POST", ALONE).length, 2);
});

test("results that the pool defers are posted again, and the others are final", async (context) => {
  const { pool, clock, held, watched } = await withinBatch(context, { computed: 7 });
  pool.validate = (result) => (result === 9 ? "wrong" : undefined);
  pool.misbehave("POST", /0007\/results$/, 503, { headers: { "Retry-After": "4" } });
  pool.misbehave("POST", /0009\/results$/, 429, { headers: { "Retry-After": "5" } });
  pool.misbehave("POST", /0010\/results$/, 409);
  held.release(1, 0.01);
  await watched.waitFor("unit", { outcome: "rejected", variable: "0008" });
  await watched.waitFor("unit", { outcome: "late", variable: "0010" });
  await eventually(() => variables(watched, "accepted").length === 7 + 4);
  await eventually(() => clock.waits.some((wait) => wait >= 5 && wait <= 6));
  clock.advance(6);
  await eventually(() => variables(watched, "accepted").length === 7 + 6);
  assert.equal(together(pool)[3], 2);
  assert.equal(new Set(watched.eventsOf("unit").map(({ variable }) => variable)).size, watched.eventsOf("unit").length);
});

test("responses that are not the pool's lose no result, and none is counted twice", async (context) => {
  const { pool, clock, held, watched } = await withinBatch(context, { computed: 7 });
  for (const { status, type = "", location, body } of FOREIGN) {
    const headers = { "Content-Type": type, ...(location && { Location: location }) };
    // A proxy's limit on the size of requests concerns each of them alone.
    if (status !== 413) pool.misbehave("POST", TOGETHER, () => ({ status, headers, text: body }));
  }
  held.release(1, 0.01);
  await passing(clock, () => watched.eventsOf("unit", { outcome: "accepted" }).length >= 15);
  assert.equal(watched.volunteer.totals.failed, 0);
  assert.match(watched.eventsOf("error", { kind: "foreign" })[0].message, /^\d results are kept: /);
});

for (const [name, response] of [
  ["413 of a proxy", { status: 413, headers: { "Content-Type": "text/html" }, text: "too large" }],
  ["413 of the pool", 413],
  ["500 of the pool", 500],
]) {
  test(`after ${name} each result is posted alone`, async (context) => {
    const { pool, held, watched } = await withinBatch(context, { computed: 7 });
    pool.misbehave("POST", TOGETHER, typeof response === "number" ? response : () => response);
    held.release(1, 0.01);
    await watched.waitFor("unit", { outcome: "accepted" }, 15);
    assert.equal(pool.requestsTo("POST", ALONE).length, 1 + 8);
  });
}

test("while results can't be posted, no more batches are leased, and none is lost", async (context) => {
  const { pool } = await poolWithBatches(context, 20);
  const clock = new FakeClock();
  pool.misbehave("POST", TOGETHER, 503, { times: 4 });
  const watched = await Watched.start(context, pool, { clock });
  for (const requests of [1, 2, 3, 4]) {
    await eventually(() => together(pool).length === requests && watched.volunteer.workers[0].state === "fetching");
    // The third one may have been leased while the second was computed.
    assert.ok(counts(pool).length <= 3);
    await passing(clock, () => together(pool).length > requests);
  }
  await watched.waitFor("unit", { outcome: "accepted" }, 20);
});

// ---- failures

test("a unit of a batch that fails is reported, and the others go on", async (context) => {
  const { pool, clock, held, watched } = await withinBatch(context, { computed: 3 });
  held.fail("threw", "no luck");
  await watched.waitFor("error", { kind: "threw", variable: "0010" });
  await passing(clock, () => held.units.length === 12);
  assert.deepEqual(pool.reports.map(({ variable }) => variable), ["0010"]);
  assert.deepEqual(pool.returned, []);
});

test("when a job keeps failing, its other units are given back, and it is paused once", async (context) => {
  const { pool, clock, held, watched } = await withinBatch(context, { count: 15 });
  await eventually(() => counts(pool).length >= 5);
  for (const number of [8, 9]) {
    held.fail("threw", "no luck");
    await watched.passes(2);
    await eventually(() => held.units.length === number + 1);
  }
  held.fail("threw", "no luck");
  await eventually(() => pool.returned.length === 5);
  assert.deepEqual(pool.returned.sort(), names(10, 15));
  assert.equal(watched.eventsOf("error", { kind: "backoff" }).length, 1);
});

test("a batch of rejected results pauses the job once", async (context) => {
  const { pool, held, watched } = await withinBatch(context, { computed: 7, count: 15 });
  pool.validate = () => "wrong";
  held.release(1, 0.01);
  await watched.waitFor("unit", { outcome: "rejected" }, 8);
  const [{ message }, ...more] = watched.eventsOf("error", { kind: "backoff" });
  assert.deepEqual([message, more], ["failed several times in a row: paused for 30 s", []]);
});

// ---- leases that run out

test("while a unit runs for half of its lease, those behind it are given back", async (context) => {
  const { pool, clock, held, watched } = await withinBatch(context, { count: 15 });
  await eventually(() => counts(pool).length >= 5);
  clock.advance(13.4);
  assert.deepEqual(pool.returned, []);
  clock.advance(0.2);
  await eventually(() => pool.returned.length === 7);
  assert.deepEqual([pool.returned.sort(), watched.eventsOf("error")], [names(8, 15), []]);
  held.release(1, 14);
  await passing(clock, () => held.units.length === 9);
});

test("of a batch that has waited for half of its leases, one is extended, and the others are given back", async (context) => {
  const { pool, clock, held } = await withinBatch(context, { count: 15 });
  await eventually(() => counts(pool).length >= 5);
  for (const number of [8, 9]) {
    clock.advance(8);
    held.release(1, 8);
    await eventually(() => held.units.length === number + 1 || pool.extended.length > 0);
  }
  await eventually(() => held.units.length === 10 && pool.returned.length === 5);
  assert.deepEqual([pool.extended, pool.returned.sort()], [["0009"], names(10, 15)]);
});

// ---- pause, stop, exit

test("a pause gives back what waits at once, and posts what is computed", async (context) => {
  const { pool, held, watched, volunteer } = await withinBatch(context, { computed: 3, count: 15 });
  await eventually(() => counts(pool).length >= 5);
  const paused = volunteer.pause();
  await eventually(() => pool.returned.length === 4);
  await watched.waitFor("unit", { outcome: "accepted" }, 10);
  held.release(1, 0.01);
  await paused;
  assert.deepEqual(pool.returned.sort(), names(11, 15));
  assert.deepEqual(variables(watched, "accepted").sort(), names(0, 11));
  assert.deepEqual([volunteer.totals.units, volunteer.totals.returned, pool.jobs.get("doubler").open.length], [11, 0, 4]);
});

test("a stop during an outage gives everything back", async (context) => {
  const { pool, held, clock, watched, volunteer } = await withinBatch(context, { computed: 7, count: 23 });
  pool.misbehave("POST", TOGETHER, 503, { times: Infinity });
  held.release(1, 0.01);
  await eventually(() => pool.requestsTo("POST", TOGETHER).length === 3 && held.units.length === 16 && clock.waits.length > 0);
  await volunteer.stop();
  assert.deepEqual(pool.returned.sort(), names(7, 23));
  assert.deepEqual(variables(watched, "accepted"), names(0, 7));
  assert.equal(volunteer.totals.returned, 8 + 1);
  assert.match(watched.eventsOf("error", { kind: "offline" }).at(-1).message, /^the result could not be posted: /);
});

test("a change of owners gives back what waits", async (context) => {
  const { pool, volunteer } = await withinBatch(context, { count: 15 });
  await eventually(() => counts(pool).length >= 5);
  volunteer.configure({ owners: ["eve"] });
  await eventually(() => pool.returned.length === 7);
});

test("on exit results are posted by one request, and then the other leases given back", async (context) => {
  const { pool, watched } = await withinBatch(context, { computed: 3, count: 31 });
  await eventually(() => counts(pool).length >= 5);
  await watched.platform.exit();
  // The stop that follows may post them again, which changes nothing.
  assert.equal(together(pool)[2], 3);
  assert.equal(pool.jobs.get("doubler").results.size, 10);
  assert.deepEqual(pool.returned.sort(), names(10, 31));
});

test("on exit results that are too large are given back", async (context) => {
  const { pool, held, watched } = await withinBatch(context, { count: 15 });
  await eventually(() => counts(pool).length >= 5);
  held.release("x".repeat(70_000), 0.01);
  await eventually(() => held.units.length === 9);
  await watched.platform.exit();
  assert.deepEqual([together(pool).slice(2), pool.returned.sort()], [[], names(7, 15)]);
});

// ---- units that an executor is told of ahead

/** As `withinBatch`, with an executor that can begin the following units by itself. */
async function toldAhead(context, options) {
  const withdrawals = { count: 0 };
  const usage = { isAhead: false, withdraw: () => (withdrawals.count += 1) };
  const batch = await withinBatch(context, { usage, ...options });
  return { ...batch, withdrawals };
}

/** The inputs of the running unit and of those that follow it. */
const told = ({ units, following }) => [units.at(-1), ...following.at(-1)].map(({ variable }) => variable);
const inputs = (from, to) => numbers(to).slice(from).map((value) => JSON.stringify(value));

test("an executor is told of the units that follow, two tenths of a second of them, and eight at most", async (context) => {
  const { held } = await toldAhead(context, { runTime: 0.05 });
  assert.deepEqual(told(held), inputs(7, 12));
});

test("of long units it is told of one", async (context) => {
  const { held } = await toldAhead(context, { runTime: 0.3 });
  assert.deepEqual(told(held), inputs(7, 9));
});

test("below the full share of the time it is told of none", async (context) => {
  const { clock, volunteer, held } = await toldAhead(context);
  volunteer.configure({ throttle: 0.5 });
  held.release(8, 0.01);
  await passing(clock, () => held.units.length === 9);
  assert.deepEqual(held.following.at(-1), []);
});

test("an executor that can't withdraw is told of none", async (context) => {
  const { held } = await withinBatch(context);
  assert.deepEqual(told(held), inputs(7, 8));
});

test("a pause withdraws them", async (context) => {
  const { volunteer, held, withdrawals } = await toldAhead(context);
  const before = withdrawals.count;
  const paused = volunteer.pause();
  assert.equal(withdrawals.count, before + 1);
  held.release();
  await paused;
  assert.equal(held.units.length, 8);
});
