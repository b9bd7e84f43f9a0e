// The package by `require` and `import`, and the call of comp-pool 0.5.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { Client } from "../lib/client.js";
import { Volunteer } from "../lib/volunteer.js";
import { eventually, FakePool } from "./fake-pool.js";
import { FakePlatform, numbers } from "./fake-platform.js";

const require = createRequire(import.meta.url);
const pack = require("comp-pool");

const methodsOf = ({ prototype }) =>
  Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(([name, { value }]) => name !== "constructor" && typeof value === "function")
    .map(([name]) => name);

async function adder(context) {
  const pool = await FakePool.for(context);
  pool.addJob("adder", numbers(2));
  return pool;
}

test("the required client has all methods at once", () => {
  const client = pack.client("http://pool.example/");
  assert.deepEqual(Object.keys(client).sort(), methodsOf(Client).sort());
});

test("the required volunteer has all members at once", () => {
  const volunteer = pack.volunteer("http://pool.example/");
  for (const name of [...methodsOf(Volunteer), "state", "workers", "totals"]) assert.ok(name in volunteer, name);
  assert.equal(volunteer.state, "idle");
});

test("the call of comp-pool 0.5 works with its providers, which are not needed", async (context) => {
  const pool = await adder(context);
  const HalResource = class {};
  const client = pack.client(pool.url, function ResourceContext() {}, HalResource, console, Promise);
  const job = await client.scheduledJob();
  const { items } = await client.lease(job);
  await client.postResult(items[0], "3");
  assert.equal(pool.jobs.get("adder").results.get("0000").result, 3);
});

test("a $q that is passed makes the promises", async (context) => {
  const pool = await adder(context);
  const made = [];
  const $q = { when: (promise) => made.push(promise) && promise.then((value) => ({ value, by: "$q" })) };
  const { by, value } = await pack.client(pool.url, null, null, console, $q).root();
  assert.deepEqual([by, value.has("jobs"), made.length], ["$q", true, 1]);
});

test("options may be among the providers", async (context) => {
  const pool = await adder(context);
  await pack.client(pool.url, { key: "an-owner's" }).root();
  assert.equal(pool.requests[0].headers.authorization, "Bearer an-owner's");
});

test("iterators are iterators", async (context) => {
  const pool = await adder(context);
  const ids = [];
  for await (const job of pack.client(pool.url).jobs()) ids.push(job.content.id);
  assert.deepEqual(ids, ["adder"]);
});

test("the default address is a pool on this host", async (context) => {
  const addresses = [];
  const root = '{"job_scheduler_url": "/jobs/scheduler"}';
  context.mock.method(globalThis, "fetch", async (address) => addresses.push(address) && new Response(root));
  await pack.client().root();
  assert.deepEqual(addresses, ["http://localhost:7070/"]);
});

test("errors are the modules' classes", async (context) => {
  const pool = await adder(context);
  const { PoolError } = await pack.load();
  await assert.rejects(pack.client(pool.url).job("none"), PoolError);
});

test("a required volunteer computes and emits events", async (context) => {
  const pool = await adder(context);
  const volunteer = pack.volunteer(pool.url, { platform: new FakePlatform() });
  context.after(() => volunteer.stop());
  const outcomes = [];
  const unsubscribe = volunteer.on("unit", ({ outcome }) => outcomes.push(outcome));
  await volunteer.start();
  await eventually(() => outcomes.length === 2);
  assert.deepEqual([volunteer.state, volunteer.totals.units, volunteer.workers.length], ["running", 2, 1]);
  unsubscribe();
});

test("invalid options of a volunteer are errors of its methods", async () => {
  const volunteer = pack.volunteer("http://pool.example/", { workers: 0 });
  await assert.rejects(volunteer.start(), { name: "TypeError" });
});

test("the modules can be imported by the package's name", async () => {
  const module = await import("comp-pool");
  assert.equal(module.Client, Client);
  assert.equal((await import("comp-pool/angular")).MODULE, "CompPoolClient");
});
