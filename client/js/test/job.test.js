// What runs beside a job, in V8: the table of faulty units, what a job prints, and stacks.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createContext, runInContext } from "node:vm";

const read = (path) => readFileSync(new URL(path, import.meta.url), "utf8");
const CASES = JSON.parse(read("../../../tests/client/unit-cases.json"));
const [JOB, SERIALISER, ...LIBRARIES] = ["job", "serialiser", "language", "web-functions"].map((name) =>
  read(`../sandbox/${name}.js`),
);
const OPEN_JOB = `${JOB}.bind(undefined, ${SERIALISER}(), ${LIBRARIES})`;
const LIMIT = 1 << 20;

/** A job in a realm of its own. */
class Job {
  /** What has been printed, by call. */
  prints = [];

  constructor(source, print = (text) => this.prints.push(text), lossy = false) {
    this.source = source;
    this.lossy = lossy;
    this.compute = runInContext(OPEN_JOB, createContext())({ __proto__: null }, print);
  }

  /** The response to a unit. */
  run(variable = {}) {
    const text = JSON.stringify(variable);
    return new Promise((resolve) => {
      this.compute(this.source, text, null, this.lossy, LIMIT, (response) => resolve({ ...response }));
    });
  }
}

const respond = (source) => new Job(source).run();

/** What a job prints in its first unit. */
async function printed(source) {
  const job = new Job(source);
  await job.run();
  return job.prints.join("");
}

for (const one of CASES.failures.filter(({ kind }) => kind !== "timeout")) {
  test(`a failure has a message that names its cause: ${one.what}`, async () => {
    const { kind, message } = await new Job(one.function, undefined, one.lossy).run();
    assert.equal(kind, one.kind);
    assert.match(message, new RegExp(one.message));
  });
}

for (const one of CASES.results) {
  test(`a result becomes JSON: ${one.what}`, async () => {
    const { result } = await new Job(one.function, undefined, one.lossy).run();
    assert.deepEqual(JSON.parse(result), one.result);
  });
}

// ---- stacks

test("the stack has the lines of the job, and none of the host", async () => {
  const { stack } = await respond("(variable, context) => {\n  [1].map(function inner() {\n    null.x;\n  });\n}");
  const [message, ...frames] = stack.split("\n");
  assert.match(message, /^TypeError: /);
  assert.match(frames[0], /inner \(execute_function\.js:3:\d+\)/);
  assert.match(frames.at(-1), /execute_function\.js:2:\d+/);
});

const STACKS = {
  "what is thrown is no object": "() => { throw 7; }",
  "it is no text": "() => { throw { stack: 5 }; }",
  "its getter throws": "() => { throw { get stack() { throw 1; } }; }",
  "the error is a Proxy that throws": "() => { throw new Proxy({}, { get() { throw 1; } }); }",
  "it is the host's alone": "() => { throw { stack: 'at compute (host.js:1:1)' }; }",
};
for (const [name, source] of Object.entries(STACKS)) {
  test(`there is no stack if ${name}`, async () => {
    const { kind, stack } = await respond(source);
    assert.deepEqual([kind, stack], ["threw", ""]);
  });
}

test("message and stack are cut", async () => {
  const source = "() => { throw { toString: () => 'x'.repeat(1e6), stack: 'execute_function.js:1:1'.repeat(1e5) }; }";
  const { message, stack } = await respond(source);
  assert.deepEqual([message.length, stack.length], [2000, 4000]);
});

// ---- the console

const LINES = {
  "console.log('a', 1, null, undefined, true)": "a 1 null undefined true\n",
  "console.log()": "\n",
  "for (const name of ['log', 'info', 'warn', 'error', 'debug']) console[name](name)":
    "log\ninfo\nwarn\nerror\ndebug\n",
  "console.log({ a: [1, 'b', { c: null }] })": '{"a":[1,"b",{"c":null}]}\n',
  "console.log({ x: NaN, y: [-Infinity, undefined], n: 12n })": '{"x":"NaN","y":["-Infinity","undefined"],"n":"12"}\n',
  "console.log(new Map(), [new Set()], Promise.resolve())": '[object Map] ["[object Set]"] [object Promise]\n',
  "console.log(new TypeError('no luck'), { ex: new Error('none') })": 'TypeError: no luck {"ex":"Error: none"}\n',
  "console.log(new Float64Array([0.5, NaN]))": '[0.5,"NaN"]\n',
  "console.log(new Date(0), Symbol('x'))": '"1970-01-01T00:00:00.000Z" Symbol(x)\n',
  "const o = {}; o.o = o; console.log(o)": "[object Object]\n",
  "console.log({ get a() { throw 1; } }, { toJSON() { throw 1; } })": "[object Object] [object Object]\n",
  "console.log({ toJSON() { throw 1; }, toString() { throw 1; } })": "an error without a text\n",
  "console.log({ toJSON() { console.log('inner'); return 'outer'; } })": 'inner\n"outer"\n',
  "console.log(new Proxy({}, { get() { throw 1; }, ownKeys() { throw 1; } }))": "an error without a text\n",
};
for (const [statement, text] of Object.entries(LINES)) {
  test(`printed by ${statement}`, async () => {
    assert.equal(await printed(`() => { ${statement}; return { result: 1 }; }`), text);
  });
}

test("what a unit that fails has printed", async () => {
  assert.equal(await printed("() => { console.log('before'); throw new Error('no luck'); }"), "before\n");
});

test("what an asynchronous unit prints after a wait", async () => {
  assert.equal(await printed("async () => { await null; console.log('later'); return { result: 1 }; }"), "later\n");
});

test("a hundred lines are printed at once, and all the others in the end", async () => {
  const job = new Job("() => { for (let n = 0; n < 300; n += 1) console.log(n); return { result: 1 }; }");
  await job.run();
  assert.deepEqual([job.prints.length, job.prints[0], job.prints[99]], [101, "0\n", "99\n"]);
  assert.equal(job.prints[100].split("\n").length, 201);
});

test("the first ten thousand characters of a unit are printed", async () => {
  const source = "(v) => { for (let n = 0; n < 9; n += 1) console.log(v.text.repeat(3000)); return { result: 1 }; }";
  const job = new Job(source);
  for (const text of ["a", "b"]) {
    job.prints.length = 0;
    await job.run({ text });
    assert.equal(job.prints.join("").length, 10_000);
    assert.equal(job.prints[0], `${text.repeat(3000)}\n`);
  }
});

test("large values are shortened", async () => {
  const large = "const huge = new Array(1e6).fill(7);";
  const text = await printed(`() => { ${large} console.log(huge, { huge }, 'x'.repeat(1e7)); return { result: 1 }; }`);
  assert.equal(text.length, 10_000);
  const names = "Object.fromEntries(Array.from({ length: 5000 }, (_, n) => ['n' + n, 1]))";
  assert.ok((await printed(`() => { console.log(${names}); return { result: 1 }; }`)).includes('"n998":1}'));
});

test("nothing is printed between two units", async () => {
  const source = `(v) => {
    const late = async () => { for (let n = 0; n < 20; n += 1) await null; console.log("late"); };
    late();
    return { result: 1 };
  }`;
  const job = new Job(source);
  await job.run();
  await new Promise(setImmediate);
  assert.deepEqual(job.prints, []);
});

test("without a host that takes it nothing is printed", async () => {
  const job = new Job("() => { console.log('unheard'); return { result: 1 }; }", null);
  assert.deepEqual(await job.run(), { result: "1" });
});

test("a print that fails is no error of the job", async () => {
  const job = new Job("() => { for (let n = 0; n < 200; n += 1) console.log(n); return { result: 1 }; }", () => {
    throw new Error("the pipe is closed");
  });
  assert.deepEqual(await job.run(), { result: "1" });
});

const TAMPERING = {
  JSON: "JSON.stringify = JSON.parse = () => { throw 1; };",
  "Object.prototype": "Object.prototype.toJSON = () => { throw 1; };",
  "setters of Object.prototype": `for (const name of ["object", "key", "up", "isItem", "rest", "size", "0"]) {
    Object.defineProperty(Object.prototype, name, { get: () => 7, set() { throw 1; }, configurable: true });
  }`,
  "Array.prototype": "Array.prototype.slice = Array.prototype[Symbol.iterator] = () => { throw 1; };",
  "String.prototype": "String.prototype.slice = String.prototype.indexOf = () => { throw 1; };",
  "RegExp.prototype": "RegExp.prototype.exec = () => { throw 1; };",
  "functions": "Array.isArray = ArrayBuffer.isView = Number.isFinite = () => { throw 1; };",
  "Reflect": "for (const name of Reflect.ownKeys(Reflect)) delete Reflect[name];",
  "every global": "for (const name of Reflect.ownKeys(globalThis)) { try { globalThis[name] = 0; } catch {} }",
};
for (const [name, code] of Object.entries(TAMPERING)) {
  test(`tampering with ${name} breaks neither the console nor the search for a NaN`, async () => {
    const job = new Job(`(v) => {
      const { log } = console;
      if (v.tamper) { ${code} }
      log("here", 1);
      return { result: [{ x: NaN }] };
    }`);
    const responses = [await job.run({ tamper: true }), await job.run()].map(({ kind, message }) => [kind, message]);
    const fault = ["not-json", "result[0].x is NaN, which JSON cannot represent: use null or a text"];
    if (name === "Object.prototype") assert.deepEqual(responses, [["threw", "1"], ["threw", "1"]]);
    else assert.deepEqual(responses, [fault, fault]);
    assert.deepEqual(job.prints, ["here 1\n", "here 1\n"]);
  });
}

test("the console's methods don't lead to the host", async () => {
  const source = `(v, c) => {
    const found = ["caller", "arguments"].filter((name) => {
      try { return console.log[name]; } catch { return false; }
    });
    c.result = [found, console.log.constructor === Function];
  }`;
  assert.deepEqual(JSON.parse((await respond(source)).result), [[], true]);
});

// ---- the seed

/** What a job returns for units with these seeds and starting contexts. */
async function seeded(source, ...units) {
  const job = new Job(source);
  const results = [];
  for (const [seed, context = null] of units) {
    const text = context && JSON.stringify(context);
    const response = await new Promise((resolve) => job.compute(source, "{}", text, false, LIMIT, resolve, seed));
    results.push(JSON.parse(response.result));
  }
  return results;
}

test("each unit finds its own seed, also where the context continues", async () => {
  assert.deepEqual(await seeded("(v, c) => { c.n = 1; c.result = c.seed; }", [7], [8]), [7, 8]);
});

test("a context's own seed stays", async () => {
  const [given, kept] = await seeded("(v, c) => ({ result: c.seed })", [7, { seed: "of a flow" }], [8]);
  assert.deepEqual([given, kept], ["of a flow", 8]);
});

test("without a seed, as of an older page, random numbers differ", async () => {
  const [one, other] = await seeded("() => ({ result: Math.random() })", [undefined], [undefined]);
  assert.notEqual(one, other);
});
