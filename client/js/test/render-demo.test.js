// The renders of the demo jobs, and the examples of docs/jobs.md, return what the page draws.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import { validated } from "../../web/render/validate.js";

const ROOT = new URL("../../../", import.meta.url);
const KINDS = ["histogram", "picture", "points", "series", "table"];
/** A result of the job that needs a graphics card. */
const SUBSTITUTES = { "points-in-a-ball": () => ({ result: { counts: [5, 4] } }) };
const evaluate = eval; // In the global scope.

const read = (path) => readFileSync(new URL(path, ROOT), "utf8");
const lines = (text) => text.trim().split("\n").map((line) => JSON.parse(line));
const draw = async (source, results, context = {}) =>
  validated(JSON.stringify(await evaluate(`(${source})`)(results, context)));

async function resultsOf(name) {
  const compute = SUBSTITUTES[name] ?? evaluate(`(${read(`data/jobs/${name}/execute_function.js`)})`);
  const variables = lines(read(`data/jobs/${name}/variables.ndjson`)).slice(0, 5);
  const computed = variables.map(async ({ id, variable }) => {
    const context = {};
    const { result } = (await compute(variable, context)) ?? context;
    return { variable: id, input: variable, result };
  });
  return Promise.all(computed);
}

test("the demo jobs are drawn, in every kind", async () => {
  const kinds = new Set();
  for (const name of readdirSync(new URL("data/jobs", ROOT)).filter((entry) => !entry.includes("."))) {
    const { metadata } = JSON.parse(read(`data/jobs/${name}/job.json`));
    const { type } = await draw(read(`data/jobs/${name}/render.js`), await resultsOf(name), { metadata });
    kinds.add(type);
  }
  assert.deepEqual([...kinds].sort(), KINDS);
});

test("so are the examples, one of each kind", async () => {
  const [section] = read("docs/jobs.md").split("### Showing the results")[1].split("\n### ");
  const result = { pixels: new Array(100).fill(7), high: 2, low: 1, energy: 3, score: 4, [Symbol.toPrimitive]: () => 42 };
  const results = [{ variable: "a", input: { column: 1, row: 2, day: 3, mass: 4 }, result }];
  const examples = [...section.matchAll(/```js\n(.*?)```/gs)].map(([, source]) => source.replace(/^\/\/.*\n/, ""));
  const drawn = await Promise.all(examples.map((source) => draw(source, results)));
  assert.deepEqual(drawn.map(({ type }) => type).sort(), KINDS);
});
