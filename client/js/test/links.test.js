// Links: resolved, expanded, in both styles, and never to another origin.
import assert from "node:assert/strict";
import { test } from "node:test";
import { platform } from "../browser/platform.js";
import { Client } from "../lib/client.js";
import { Document } from "../lib/document.js";
import { ForeignLink, MissingLink, PoolError } from "../lib/errors.js";
import { Lease } from "../lib/leases.js";
import { expand } from "../lib/template.js";
import { volunteer } from "../lib/volunteer.js";
import { FakePool } from "./fake-pool.js";

const SCHEDULED = "/jobs/scheduled{/scheduler}{?owner*,can*,memory_mb}";
const document = (links) => new Document("http://pool.example/mount/jobs/one", { _links: links });

const EXPANSIONS = [
  ["/jobs/{job}", { job: "a b/c" }, "/jobs/a%20b%2Fc"],
  [SCHEDULED, {}, "/jobs/scheduled"],
  [SCHEDULED, { scheduler: "random" }, "/jobs/scheduled/random"],
  [SCHEDULED, { owner: ["ada", "eve"], can: [] }, "/jobs/scheduled?owner=ada&owner=eve"],
  [SCHEDULED, { can: ["wasm"], memory_mb: 512 }, "/jobs/scheduled?can=wasm&memory_mb=512"],
  ["/x?a=1{&b}", { b: "2" }, "/x?a=1&b=2"],
  ["/x{?b}", { b: ["1", "2"] }, "/x?b=1,2"],
  ["/x{/b*}", { b: ["1", "2"] }, "/x/1/2"],
  ["/{job}", { job: "it's!(1)*" }, "/it%27s%21%281%29%2A"],
  ["/{absent}", {}, "/"],
];
for (const [template, values, expected] of EXPANSIONS) {
  test(`${template} with ${JSON.stringify(values)} is ${expected}`, () => {
    assert.equal(expand(template, values), expected);
  });
}

test("a plain link is resolved against the document's address", () => {
  assert.equal(document({ on: "../two" }).link("on"), "http://pool.example/mount/two");
});

test("a link object of HAL is supported", () => {
  const resolved = document({ on: { href: "/jobs/{job}", templated: true } });
  assert.equal(resolved.link("on", { job: "x" }), "http://pool.example/jobs/x");
});

for (const link of [undefined, 5, {}, { href: 5 }, "http://["]) {
  test(`a link that is ${JSON.stringify(link)} is missing`, () => {
    assert.throws(() => document({ on: link }).link("on"), MissingLink);
  });
}

test("inherited properties are no links", () => {
  assert.equal(document({}).has("constructor"), false);
});

test("a document without links has none", () => {
  assert.equal(new Document("http://pool.example/", {}).has("self"), false);
});

test("the data of a document are its content without the pool's additions", () => {
  const content = JSON.parse('{"_links": {}, "_embedded": {}, "a": 1, "__proto__": 2}');
  const { data } = new Document("http://pool.example/", content);
  assert.deepEqual(Object.entries(data), [["a", 1], ["__proto__", 2]]);
});

for (const options of [{}, { prefix: "/mount/point" }, { hal: true }, { prefix: "/mount", hal: true }]) {
  test(`from the root to a stored result, with ${JSON.stringify(options)}`, async (context) => {
    const pool = await FakePool.for(context, options);
    pool.addJob("adder", [{ a: 1 }]);
    const client = new Client(pool.url);
    const job = await client.scheduledJob({ owners: [], can: ["wasm"] });
    const { items } = await client.lease(job);
    await client.postResult(items[0], "[1]", { seconds: 0.25 });
    assert.deepEqual(pool.jobs.get("adder").results.get("0000").result, [1]);
  });
}

test("a root without a template leads to the default scheduler", async (context) => {
  const pool = await FakePool.for(context);
  pool.addJob("scheduler");
  pool.misbehave("GET", /^\/$/, () => ({ document: { job_scheduler_url: "/jobs/scheduler" } }));
  const job = await new Client(pool.url).scheduledJob();
  assert.equal(job.content.id, "scheduler");
});

test("no link is followed to another origin", async (context) => {
  const [pool, other] = [await FakePool.for(context), await FakePool.for(context)];
  const client = new Client(pool.url);
  await assert.rejects(client.follow(new Document(pool.url, { _links: { on: other.url } }), "on"), ForeignLink);
  assert.equal(other.requests.length, 0);
});

for (const scheme of ["data:application/json,{}", "blob:x", "file:///etc/passwd"]) {
  test(`no link is followed to ${scheme}`, async (context) => {
    const pool = await FakePool.for(context);
    const foreign = new Document(pool.url, { _links: { on: scheme } });
    await assert.rejects(new Client(pool.url).follow(foreign, "on"), ForeignLink);
  });
}

const FOREIGN_SANDBOXES = [
  "https://other.example/sandbox", "https://pool.example/sandbox", "http://pool.example:81/sandbox", "//other.example/",
  "http://pool.example@other.example/", "data:text/html,", "javascript:0", "file:///etc/passwd",
];
for (const sandbox of FOREIGN_SANDBOXES) {
  test(`no sandbox is framed from ${sandbox}`, async () => {
    await assert.rejects(platform.open(document({ sandbox })), ForeignLink);
  });
}

test("a volunteer whose pool names a sandbox of another origin says so and stops", async (context) => {
  const pool = await FakePool.for(context);
  pool.misbehave("GET", /^\/$/, () => ({ document: { _links: { jobs: "/jobs", sandbox: "http://other.example/" } } }));
  const errors = [];
  const helper = volunteer(pool.url, { platform, onerror: (error) => errors.push(error) });
  await helper.start();
  assert.equal(helper.state, "stopped");
  assert.deepEqual(errors, [{ kind: "platform", message: "not an address of this pool: http://other.example/" }]);
});

test("no redirect is followed", async (context) => {
  const [pool, other] = [await FakePool.for(context), await FakePool.for(context)];
  pool.misbehave("GET", /^\/$/, () => ({ status: 302, headers: { Location: other.url } }));
  const redirect = { name: "ForeignResponse", message: /a redirect$/ };
  await assert.rejects(new Client(pool.url, { retries: { attempts: 1 } }).root(), redirect);
  assert.equal(other.requests.length, 0);
});

test("jobs are read page by page", async (context) => {
  const pool = await FakePool.for(context);
  for (const id of ["one", "two", "three", "four", "five"]) pool.addJob(id);
  const found = [];
  for await (const job of new Client(pool.url).jobs()) found.push(job.content.id);
  assert.deepEqual(found, ["one", "two", "three", "four", "five"]);
});

test("a job that does not exist is a PoolError", async (context) => {
  const pool = await FakePool.for(context);
  await assert.rejects(new Client(pool.url).job("none"), (ex) => ex instanceof PoolError && ex.status === 404);
});

test("a job is found if the root has no link for it", async (context) => {
  const pool = await FakePool.for(context);
  for (const id of ["one", "two", "three"]) pool.addJob(id);
  pool.misbehave("GET", /^\/$/, () => ({ document: { _links: { jobs: "/jobs/index" } } }), { times: 2 });
  assert.equal((await new Client(pool.url).job("three")).content.name, "The three");
});

test("a variable is named by the last part of its address", () => {
  const lease = (self) => new Lease(new Document("http://pool.example/", { _links: { self } }));
  const names = ["/jobs/x/variables/a%20b", "/jobs/x/variables/%ff/", undefined].map((self) => lease(self).name);
  assert.deepEqual(names, ["a b", "%ff", "variable"]);
});

test("one response may have several leases", async (context) => {
  const pool = await FakePool.for(context);
  const items = [1, 2].map((a) => ({ a, _links: { post_result: `/results/${a}` } }));
  const headers = { "Lease-Seconds": "7" };
  pool.misbehave("GET", /batch/, () => ({ headers, document: { _links: {}, _embedded: { items } } }));
  const job = new Document(pool.url, { _links: { get_variables: "/batch{?count}" } });
  const leases = await new Client(pool.url).lease(job, { count: 2 });
  assert.deepEqual(leases.items.map(({ data, seconds }) => [data.a, seconds]), [[1, 7], [2, 7]]);
  assert.equal(pool.requests[0].query.get("count"), "2");
});
