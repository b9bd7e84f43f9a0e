// An owner's calls: posting jobs and variables, and reading results.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "../lib/client.js";
import { FakePool } from "./fake-pool.js";

const KEY = "an-owner's-key";

async function owner(context, job) {
  const pool = await FakePool.for(context);
  if (job) pool.addJob(job, [{ a: 1 }]);
  return { pool, client: new Client(pool.url, { key: KEY }) };
}

test("a job is posted with the owner's key", async (context) => {
  const { pool, client } = await owner(context);
  const stored = await client.postJob({ name: "adder", execute_function: "() => {}" });
  assert.equal(stored.link("self"), `${pool.origin}/jobs/adder`);
  assert.equal(pool.requestsTo("POST", /jobs$/)[0].headers.authorization, `Bearer ${KEY}`);
});

test("a variable is posted", async (context) => {
  const { pool, client } = await owner(context, "adder");
  await client.postVariable(await client.job("adder"), { a: 5 });
  assert.deepEqual(pool.jobs.get("adder").inputs.get("new-1"), { a: 5 });
});

test("a variable is put under a chosen id", async (context) => {
  const { pool, client } = await owner(context, "adder");
  await client.putVariable(await client.job("adder"), "the limit", { a: 5 });
  assert.deepEqual(pool.jobs.get("adder").inputs.get("the limit"), { a: 5 });
});

test("many variables are posted as lines, and their ids returned in order", async (context) => {
  const { pool, client } = await owner(context, "adder");
  const ids = await client.postVariables(await client.job("adder"), [{ a: 5 }, { a: 6 }]);
  assert.deepEqual(ids, ["new-1", "new-2"]);
  assert.equal(pool.requestsTo("POST", /variables$/)[0].headers["content-type"], "application/x-ndjson");
});

test("very many variables go in several requests", async (context) => {
  const { pool, client } = await owner(context, "adder");
  const large = Array.from({ length: 3 }, (_, a) => ({ a, text: "x".repeat(2 << 20) }));
  const ids = await client.postVariables(await client.job("adder"), large);
  assert.equal(ids.length, 3);
  assert.equal(pool.requestsTo("POST", /variables$/).length, 3);
});

test("variables, results and progress are read", async (context) => {
  const { pool, client } = await owner(context, "adder");
  const job = await client.job("adder");
  pool.jobs.get("adder").results.set("0000", { result: 7 });
  const [variables, results] = [await all(client.variables(job)), await all(client.results(job))];
  assert.deepEqual([variables[0].content.id, results[0].content.result], ["0000", 7]);
  assert.deepEqual(await client.progress(job), { open: 1 });
});

test("what is not representable as JSON is refused before it is sent", async (context) => {
  const { pool, client } = await owner(context, "adder");
  const job = await client.job("adder");
  await assert.rejects(client.postVariable(job, undefined), TypeError);
  assert.equal(pool.requestsTo("POST", /./).length, 0);
});

async function all(iterable) {
  const items = [];
  for await (const item of iterable) items.push(item);
  return items;
}
