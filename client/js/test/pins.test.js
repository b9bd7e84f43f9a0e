// Pins: a job is computed with the function that the volunteer has agreed to, and with no other.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { Document } from "../lib/document.js";
import { digestOf, pinConflict } from "../lib/pins.js";
import { withChanges } from "../lib/settings.js";
import { sha256 } from "../lib/sha256.js";
import { FakePool } from "./fake-pool.js";
import { numbers, Watched } from "./fake-platform.js";

const SOURCE = "(variable, context) => ({ result: variable.a * 2 })";
const PIN = digestOf(SOURCE);

/** @param {string} source @param {object} [more] */
const job = (source, { id = "job", ...links } = {}) =>
  new Document("http://pool.example/prefix/jobs/job", { id, execute_function: source, _links: links });

test("digests are those of every other implementation", () => {
  const lengths = [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000];
  for (const text of [...lengths.map((length) => "ü".repeat(length)), ...lengths.map((length) => "a".repeat(length))]) {
    assert.equal(sha256(text), createHash("sha256").update(text).digest("hex"));
  }
});

test("a job that is not pinned is computed", () => {
  assert.equal(pinConflict(job(SOURCE), {}), undefined);
  assert.equal(pinConflict(job(SOURCE, { replaces: "/prefix/jobs/former" }), { other: PIN }), undefined);
});

test("a pinned job is computed with its function alone, whatever digest the pool names", () => {
  assert.equal(pinConflict(job(SOURCE), { job: PIN }), undefined);
  const changed = job(`${SOURCE} `);
  changed.content.digest = PIN;
  assert.match(String(pinConflict(changed, { job: PIN })), /pinned/);
});

test("so is a job that replaces a pinned one, until it is agreed to itself", () => {
  const next = job("other", { replaces: "/prefix/jobs/former", id: "next" });
  assert.match(String(pinConflict(next, { former: PIN })), /pinned/);
  assert.equal(pinConflict(next, { former: PIN, next: digestOf("other") }), undefined);
});

test("pins that are no digests are errors", () => {
  for (const pins of [null, "x", { job: "x" }, { job: PIN.toUpperCase() }, { job: 1 }]) {
    assert.throws(() => withChanges(/** @type {any} */ ({ pins })), /TypeError: pins/);
  }
});

test("a changed function is refused and told of once, until the volunteer agrees to it", async (context) => {
  const pool = await FakePool.for(context);
  const { document } = pool.addJob("doubler", numbers(3), { execute_function: SOURCE });
  document.execute_function = "another";
  const watched = await Watched.start(context, pool, { pins: { doubler: PIN } });
  const told = await watched.waitFor("error", { kind: "pinned" });
  assert.deepEqual([told.job, pool.requestsTo("GET", /variables$/).length], ["doubler", 0]);
  watched.volunteer.configure({ pins: { doubler: digestOf("another") } });
  await watched.waitFor("unit", {}, 3);
  assert.equal(watched.eventsOf("error", { kind: "pinned" }).length, 1);
});
