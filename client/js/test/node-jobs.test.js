// The demo jobs: child processes compute the same results as Node itself.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { unmetRequirements } from "../lib/requirements.js";
import { platform } from "../node/platform.js";
import { FakePool } from "./fake-pool.js";
import { numbers, Watched } from "./fake-platform.js";
import { compute, opened } from "./node-executors.js";

const JOBS = new URL("../../../data/jobs/", import.meta.url);
const UNITS = 3;

const executors = await opened();
const read = (job, file) => readFileSync(new URL(`${job}/${file}`, JOBS), "utf8");
const requirementsOf = (job) => JSON.parse(read(job, "job.json")).requirements;
const isSupported = (job) => unmetRequirements(requirementsOf(job), executors.capabilities).length === 0;

/** A few variables of a job, evenly spaced. */
function variables(job) {
  const lines = read(job, "variables.ndjson").trim().split("\n");
  const step = (lines.length - 1) / (UNITS - 1);
  const chosen = Array.from({ length: UNITS }, (_, index) => lines[Math.floor(index * step)]);
  return chosen.map((line) => JSON.parse(line).variable);
}

const supported = readdirSync(JOBS).filter(isSupported);

test("most demo jobs have no requirements", () => {
  const flows = ["prime-gap", "prime-segments", "prime-sum", "prime-test", "square-root"];
  assert.deepEqual(supported, ["hash-of-hashes", "mandelbrot", "n-queens", "prime-count", ...flows]);
});

for (const job of supported) {
  test(`${job} has the same results as in Node`, async () => {
    const source = read(job, "execute_function.js");
    const execute = (0, eval)(`(${source})`);
    const executor = executors.create();
    /** @type {{result?: unknown}} */
    const context = {};
    for (const variable of variables(job)) {
      delete context.result;
      const { result } = execute(variable, context);
      assert.deepEqual(await compute(executor, source, { job, variable, timeout: 60_000 }), result);
    }
    executor.close();
  });
}

test("a volunteer posts what a lossy job's results become in JSON", async (context) => {
  const pool = await FakePool.for(context);
  const source = "() => ({ result: [NaN, new Map()] })";
  const job = pool.addJob("lossy", numbers(1), { execute_function: source, settings: { lossy: true } });
  const watched = await Watched.start(context, pool, { platform });
  await watched.waitFor("unit", { outcome: "accepted" });
  assert.deepEqual([...job.results.values()].map(({ result }) => result), [[null, {}]]);
});
