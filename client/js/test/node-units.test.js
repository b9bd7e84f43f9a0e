// What a job's function is given in Node, what it may return, and what becomes of its context.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compute, failure, gone, opened } from "./node-computers.js";

const COUNT = "(variable, context) => { context.n = (context.n || 0) + variable.step; context.result = context.n; }";

const computers = await opened();
const step = (computer, options) => compute(computer, COUNT, { variable: { step: 2 }, ...options });

/** Runs a test with a computer of its own. */
function withComputer(name, run) {
  test(name, async () => {
    const computer = computers.computer();
    try {
      await run(computer);
    } finally {
      computer.close();
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
  withComputer(`a function may return its result as ${source}`, async (computer) => {
    assert.equal(await compute(computer, source, { variable: { a: 41 } }), 42);
  });
}

withComputer("the context lasts from one variable to the next", async (computer) => {
  assert.deepEqual([await step(computer), await step(computer), await step(computer)], [2, 4, 6]);
});

withComputer("the returned context is the one that is kept", async (computer) => {
  const source = "(variable, context) => ({ n: (context.n || 0) + 1, result: context.n || 0 })";
  assert.deepEqual([await compute(computer, source), await compute(computer, source)], [0, 1]);
});

withComputer("a starting context stands in for the kept one", async (computer) => {
  await step(computer);
  assert.equal(await step(computer, { context: { n: 100 } }), 102);
});

for (const context of [{}, { a: { b: [1] }, result: { sum: 3 }, iteration: 2 }]) {
  withComputer(`a starting context is seen as it is: ${JSON.stringify(context)}`, async (computer) => {
    const source = "(variable, context) => ({ result: context })";
    assert.deepEqual(await compute(computer, source, { context }), context);
  });
}

withComputer("the kept context goes on past a starting one", async (computer) => {
  await step(computer);
  await step(computer, { context: { n: 100, result: 100 } });
  assert.equal(await step(computer), 4);
});

withComputer("a context returned for a starting one is not kept", async (computer) => {
  const source = "(variable, context) => ({ n: (context.n || 0) + 1, result: context.n || 0 })";
  await compute(computer, source, { context: { n: 100 } });
  assert.equal(await compute(computer, source), 0);
});

withComputer("a failure from a starting context leaves the kept one", async (computer) => {
  const source = "(v, c) => { c.n = (c.n || 0) + 1; if (c.bad) throw 1; c.result = c.n; }";
  await compute(computer, source);
  await failure(computer, source, { context: { bad: true, n: 100 } });
  assert.equal(await compute(computer, source), 2);
});

withComputer("a starting result that nothing changes is the result", async (computer) => {
  assert.equal(await compute(computer, "() => {}", { context: { result: 7, iteration: 1 } }), 7);
});

withComputer("a result is not carried over to the next variable", async (computer) => {
  const source = "(variable, context) => { if (variable.first) context.result = 1; }";
  await compute(computer, source, { variable: { first: true } });
  assert.match((await failure(computer, source)).message, /without a `result` field/);
});

withComputer("the next job gets a process of its own", async (computer) => {
  await step(computer);
  const former = computer.pid;
  assert.equal(await step(computer, { job: "other" }), 2);
  assert.ok(await gone(former));
});

withComputer("changed code of a job gets a process of its own", async (computer) => {
  await step(computer);
  assert.equal(await compute(computer, COUNT.replace("variable.step", "5")), 5);
});

test("two computers share no context", async () => {
  const [one, other] = [computers.computer(), computers.computer()];
  assert.deepEqual([await step(one), await step(one), await step(other)], [2, 4, 2]);
  one.close();
  other.close();
});

withComputer("a rest ends the process, and the context with it", async (computer) => {
  await step(computer);
  const former = computer.pid;
  computer.rest();
  assert.ok(await gone(former));
  assert.equal(await step(computer), 2);
});

withComputer("a closed computer computes no more", async (computer) => {
  await step(computer);
  const former = computer.pid;
  computer.close();
  assert.equal((await failure(computer, COUNT)).kind, "cancelled");
  assert.ok(await gone(former));
});

withComputer("text survives both ways", async (computer) => {
  const source = "(variable, context) => { context.result = variable.text; }";
  const text = "Ω\u2028🦀\x00\ud800";
  assert.equal(await compute(computer, source, { variable: { text } }), text);
});

withComputer("what is large survives both ways", async (computer) => {
  const numbers = Array.from({ length: 100_000 }, (_, index) => index);
  const source = "(variable, context) => { context.result = variable.numbers.map((number) => -number); }";
  assert.equal((await compute(computer, source, { variable: { numbers } })).at(-1), -99_999);
});

withComputer("a job may write to its console", async (computer) => {
  const source = "(variable, context) => { console.log('a', {b: 1}); console.error('c'); context.result = 1; }";
  assert.equal(await compute(computer, source), 1);
});

withComputer("a hundred thousand steps of promises are taken", async (computer) => {
  const source = "async (variable, context) => { for (let n = 0; n < 1e5; n++) await null; context.result = 1; }";
  assert.equal(await compute(computer, source), 1);
});

withComputer("functions may call themselves thousands of times", async (computer) => {
  const source = "() => { const sum = (n) => (n ? n + sum(n - 1) : 0); return { result: sum(5000) }; }";
  assert.equal(await compute(computer, source), 12_502_500);
});

const FAILURES = [
  ["function (", "code"],
  ["5", "code"],
  ["() => {}", "no-result"],
  ["() => 5", "no-result"],
  ["() => null", "no-result"],
  ["(v, c) => { c.result = () => 1; }", "not-json"],
  ["(v, c) => { c.result = Symbol('x'); }", "not-json"],
  ["(v, c) => { c.result = 1n; }", "threw"],
  ["() => { throw new Error('no luck'); }", "threw"],
  ["async () => { await null; throw 'no luck'; }", "threw"],
  ["(v, c) => { c.result = 'x'.repeat(2e6); }", "too-large"],
  ["(v, c) => { c.result = 'Ω'.repeat(6e5); }", "too-large"],
];
for (const [source, kind] of FAILURES) {
  withComputer(`${source} fails as ${kind}`, async (computer) => {
    assert.equal((await failure(computer, source)).kind, kind);
  });
}

withComputer("the message of a thrown error is passed on", async (computer) => {
  const error = await failure(computer, "() => { throw new TypeError('no luck'); }");
  assert.equal(error.message, "TypeError: no luck");
});

withComputer("a process goes on after an error of its job", async (computer) => {
  const source = "(v, c) => { if (v.bad) throw 1; c.n = (c.n || 0) + 1; c.result = c.n; }";
  await compute(computer, source);
  await failure(computer, source, { variable: { bad: true } });
  assert.equal(await compute(computer, source), 2);
});

withComputer("a signal ends a computation at once", async (computer) => {
  const began = performance.now();
  const error = await failure(computer, "() => { for (;;); }", { signal: AbortSignal.timeout(300) });
  assert.equal(error.kind, "cancelled");
  assert.ok(performance.now() - began < 5000);
});

withComputer("a signal that was given before lets nothing begin", async (computer) => {
  const error = await failure(computer, COUNT, { signal: AbortSignal.abort() });
  assert.equal(error.kind, "cancelled");
  assert.equal(computer.pid, undefined);
});

withComputer("a rest while it computes is an interruption", async (computer) => {
  const failing = failure(computer, "() => { for (;;); }");
  setTimeout(() => computer.rest(), 100);
  assert.equal((await failing).kind, "cancelled");
});

test("closing the platform ends all that computes", async () => {
  const others = await opened();
  const computer = others.computer();
  const failing = failure(computer, "() => { for (;;); }");
  setTimeout(() => others.close(), 100);
  assert.equal((await failing).kind, "cancelled");
});

test("a job that requires anything special is none for Node", () => {
  assert.deepEqual(computers.abilities, { can: [], memoryMb: 512 });
});
