// Units in Node: parameters and return values of a job's function, and its context.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readFileSync } from "node:fs";
import { compute, failure, hasExited, opened } from "./node-executors.js";

const CASES = JSON.parse(readFileSync(new URL("../../../tests/client/unit-cases.json", import.meta.url), "utf8"));

const COUNT = "(variable, context) => { context.n = (context.n || 0) + variable.step; context.result = context.n; }";

/** Runs the function of each variable, so that one process serves many tests. */
const EVALUATE = "(v, c) => (0, eval)(`(${v.source})`)(v, c)";

const executors = await opened();
const shared = executors.create();
const evaluate = (source, { variable, ...options } = {}) =>
  compute(shared, EVALUATE, { variable: { source, ...variable }, ...options });
const step = (executor, options) => compute(executor, COUNT, { variable: { step: 2 }, ...options });

/** A test with its own executor. */
function withExecutor(name, run) {
  test(name, async () => {
    const executor = executors.create();
    try {
      await run(executor);
    } finally {
      executor.close();
    }
  });
}

const FORMS = [
  "function (variable, context) { context.result = variable.a + 1; return context; }",
  "function (variable, context) { context.result = variable.a + 1; }",
  "function (variable, context) { return { ...context, result: variable.a + 1 }; }",
  "(variable, context) => ({ result: variable.a + 1 })",
  "async (variable, context) => { await null; context.result = variable.a + 1; }",
  "async function (variable) { return { result: await Promise.resolve(variable.a + 1) }; } // a comment",
];
for (const source of FORMS) {
  withExecutor(`a function may return its result as ${source}`, async (executor) => {
    assert.equal(await compute(executor, source, { variable: { a: 41 } }), 42);
  });
}

withExecutor("the context continues from one variable to the next", async (executor) => {
  assert.deepEqual([await step(executor), await step(executor), await step(executor)], [2, 4, 6]);
});

withExecutor("the returned context is the one that continues", async (executor) => {
  const source = "(variable, context) => ({ n: (context.n || 0) + 1, result: context.n || 0 })";
  assert.deepEqual([await compute(executor, source), await compute(executor, source)], [0, 1]);
});

withExecutor("a starting context replaces the saved one", async (executor) => {
  await step(executor);
  assert.equal(await step(executor, { context: { n: 100 } }), 102);
});

for (const context of [{}, { a: { b: [1] }, result: { sum: 3 }, iteration: 2 }]) {
  test(`a starting context is passed unchanged: ${JSON.stringify(context)}`, async () => {
    assert.deepEqual(await evaluate("(variable, context) => ({ result: context })", { context }), context);
  });
}

withExecutor("the saved context continues after a starting one", async (executor) => {
  await step(executor);
  await step(executor, { context: { n: 100, result: 100 } });
  assert.equal(await step(executor), 4);
});

withExecutor("a context returned for a starting one is not saved", async (executor) => {
  const source = "(variable, context) => ({ n: (context.n || 0) + 1, result: context.n || 0 })";
  await compute(executor, source, { context: { n: 100 } });
  assert.equal(await compute(executor, source), 0);
});

withExecutor("a failure with a starting context leaves the saved one unchanged", async (executor) => {
  const source = "(v, c) => { c.n = (c.n || 0) + 1; if (c.bad) throw 1; c.result = c.n; }";
  await compute(executor, source);
  await failure(executor, source, { context: { bad: true, n: 100 } });
  assert.equal(await compute(executor, source), 2);
});

test("an unchanged starting result is the result", async () => {
  assert.equal(await evaluate("() => {}", { context: { result: 7, iteration: 1 } }), 7);
});

withExecutor("a result is not carried over to the next variable", async (executor) => {
  const source = "(variable, context) => { if (variable.first) context.result = 1; }";
  await compute(executor, source, { variable: { first: true } });
  assert.match((await failure(executor, source)).message, /without a `result` field/);
});

withExecutor("another job gets its own process", async (executor) => {
  await step(executor);
  const before = executor.pid;
  assert.equal(await step(executor, { job: "other" }), 2);
  assert.ok(await hasExited(before));
});

withExecutor("changed code of a job gets its own process", async (executor) => {
  await step(executor);
  assert.equal(await compute(executor, COUNT.replace("variable.step", "5")), 5);
});

test("two executors share no context", async () => {
  const [one, other] = [executors.create(), executors.create()];
  assert.deepEqual([await step(one), await step(one), await step(other)], [2, 4, 2]);
  one.close();
  other.close();
});

withExecutor("a reset ends the process and its context", async (executor) => {
  await step(executor);
  const before = executor.pid;
  executor.reset();
  assert.ok(await hasExited(before));
  assert.equal(await step(executor), 2);
});

withExecutor("a closed executor computes no more", async (executor) => {
  await step(executor);
  const before = executor.pid;
  executor.close();
  assert.equal((await failure(executor, COUNT)).kind, "cancelled");
  assert.ok(await hasExited(before));
});

test("text is preserved in both directions", async () => {
  const text = "Ω\u2028🦀\x00";
  const source = "(variable, context) => { context.result = variable.text; }";
  assert.equal(await evaluate(source, { variable: { text } }), text);
});

test("large values are preserved in both directions", async () => {
  const numbers = Array.from({ length: 100_000 }, (_, index) => index);
  const source = "(variable, context) => { context.result = variable.numbers.map((number) => -number); }";
  assert.equal((await evaluate(source, { variable: { numbers } })).at(-1), -99_999);
});

test("what a job prints comes with its result", async () => {
  const source = "(variable, context) => { console.log('a\\0', {b: 1}); console.error('Ω'); context.result = 1; }";
  const unit = { job: "job", source: EVALUATE, variable: JSON.stringify({ source }), context: null, gpu: false };
  for (let count = 0; count < 2; count += 1) {
    assert.equal((await shared.compute(unit, { timeout: 20_000 })).console, 'a\0 {"b":1}\nΩ\n');
  }
});

const PRINTING = {
  "throws": ["throw new Error('no luck');", "threw"],
  "is stopped in the engine itself": ["/(a+)+$/.test('a'.repeat(60) + 'b');", "timeout"],
  "has no more memory": ["const all = []; for (;;) all.push(new Uint8Array(1 << 22).fill(1));", "memory"],
};
for (const [name, [code, kind]] of Object.entries(PRINTING)) {
  withExecutor(`what a job has printed before it ${name} comes with the error`, async (executor) => {
    const source = `() => { for (let n = 0; n < 1000; n += 1) console.log(n); ${code} }`;
    // Only the unit itself is timed, not the start of its process.
    await compute(executor, EVALUATE, { variable: { source: "() => ({ result: 1 })" } });
    const timeout = kind === "timeout" ? 800 : 20_000;
    const error = await failure(executor, EVALUATE, { variable: { source }, timeout });
    assert.equal(error.kind, kind);
    assert.match(error.console, /^0\n1\n2\n.*\n99\n/s);
  });
}

test("a hundred thousand promise jobs are run", async () => {
  const source = "async (variable, context) => { for (let n = 0; n < 1e5; n++) await null; context.result = 1; }";
  assert.equal(await evaluate(source), 1);
});

test("functions may recurse thousands of levels deep", async () => {
  const source = "() => { const sum = (n) => (n ? n + sum(n - 1) : 0); return { result: sum(5000) }; }";
  assert.equal(await evaluate(source), 12_502_500);
});

for (const source of ["function (", "5"]) {
  withExecutor(`code that is no function fails: ${source}`, async (executor) => {
    assert.equal((await failure(executor, source)).kind, "code");
  });
}

for (const one of CASES.failures.filter(({ kind }) => !["code", "timeout"].includes(kind))) {
  test(`a failure has a message that names its cause: ${one.what}`, async () => {
    const options = { variable: { source: one.function }, lossy: one.lossy };
    const { kind, message } = await failure(shared, EVALUATE, options);
    assert.equal(kind, one.kind);
    assert.match(message, new RegExp(one.message));
  });
}

for (const one of CASES.results) {
  test(`a result becomes JSON: ${one.what}`, async () => {
    assert.deepEqual(await evaluate(one.function, { lossy: one.lossy }), one.result);
  });
}

const FAILURES = [
  ["async () => { await null; throw 'no luck'; }", "threw"],
  ["(v, c) => { c.result = 'x'.repeat(2e6); }", "too-large"],
  ["(v, c) => { c.result = 'Ω'.repeat(6e5); }", "too-large"],
];
for (const [source, kind] of FAILURES) {
  test(`${source} fails as ${kind}`, async () => {
    assert.equal((await failure(shared, EVALUATE, { variable: { source } })).kind, kind);
  });
}

withExecutor("the stack of a thrown error has the lines of the job alone", async (executor) => {
  const error = await failure(executor, "() => {\n  [1].map(function inner() {\n    null.x;\n  });\n}");
  const frames = error.stack.trim().split("\n").map((frame) => frame.trim());
  assert.match(frames[0], /^at inner \(.*:3(:\d+)?\)$/);
  assert.match(frames.at(-1), /^at .*:2(:\d+)?\)$/);
});

withExecutor("a process continues after an error of its job", async (executor) => {
  const source = "(v, c) => { if (v.bad) throw 1; c.n = (c.n || 0) + 1; c.result = c.n; }";
  await compute(executor, source);
  await failure(executor, source, { variable: { bad: true } });
  assert.equal(await compute(executor, source), 2);
});

withExecutor("a signal cancels a computation at once", async (executor) => {
  const began = performance.now();
  const error = await failure(executor, "() => { for (;;); }", { signal: AbortSignal.timeout(300) });
  assert.equal(error.kind, "cancelled");
  assert.ok(performance.now() - began < 5000);
});

withExecutor("nothing starts with an aborted signal", async (executor) => {
  const error = await failure(executor, COUNT, { signal: AbortSignal.abort() });
  assert.equal(error.kind, "cancelled");
  assert.equal(executor.pid, undefined);
});

withExecutor("a reset cancels a computation", async (executor) => {
  const failing = failure(executor, "() => { for (;;); }");
  setTimeout(() => executor.reset(), 100);
  assert.equal((await failing).kind, "cancelled");
});

test("closing the executors cancels all computations", async () => {
  const others = await opened();
  const executor = others.create();
  const failing = failure(executor, "() => { for (;;); }");
  setTimeout(() => others.close(), 100);
  assert.equal((await failing).kind, "cancelled");
});

test("Node has no special capabilities", () => {
  assert.deepEqual(executors.capabilities, { can: [], memoryMb: 512 });
});
