// The demo jobs that come with the pool: child processes of Node find what Node itself finds.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { lacking } from "../lib/requirements.js";
import { compute, opened } from "./node-computers.js";

const JOBS = new URL("../../../data/jobs/", import.meta.url);
const UNITS = 4;

const computers = await opened();
const read = (job, file) => readFileSync(new URL(`${job}/${file}`, JOBS), "utf8");
const isFit = (job) => lacking(JSON.parse(read(job, "job.json")).requirements, computers.abilities).length === 0;

/** A few variables of a job, from its first to its last. */
function variables(job) {
  const lines = read(job, "variables.ndjson").trim().split("\n");
  const step = (lines.length - 1) / (UNITS - 1);
  const chosen = Array.from({ length: UNITS }, (_, index) => lines[Math.floor(index * step)]);
  return chosen.map((line) => JSON.parse(line).variable);
}

const fit = readdirSync(JOBS).filter(isFit);

test("most demo jobs require nothing special", () => {
  const flows = ["prime-gap", "prime-segments", "prime-sum", "prime-test", "square-root"];
  assert.deepEqual(fit, ["hash-of-hashes", "mandelbrot", "n-queens", "prime-count", ...flows]);
});

for (const job of fit) {
  test(`${job} gives the results that it gives outside`, async () => {
    const source = read(job, "execute_function.js");
    const execute = (0, eval)(`(${source})`);
    const computer = computers.computer();
    /** @type {{result?: unknown}} */
    const context = {};
    for (const variable of variables(job)) {
      delete context.result;
      const { result } = execute(variable, context);
      assert.deepEqual(await compute(computer, source, { job, variable, milliseconds: 60_000 }), result);
    }
    computer.close();
  });
}
