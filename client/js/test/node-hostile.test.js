// Hostile jobs in Node: each is ended or contained, and does not affect the next job.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compute, failure, opened } from "./node-executors.js";

const HONEST = "(v, c) => { c.result = [1, 2].map((n) => n * 2); }";
/** Runs the function of each variable, so that one process serves many tests. */
const EVALUATE = "(v, c) => (0, eval)(`(${v.source})`)(v, c)";

const executors = await opened({ memoryMb: 32 });
const executor = executors.create();
/** With the least memory, which is exhausted soonest. */
const small = (await opened({ memoryMb: 16 })).create();

const evaluate = (source, variable = {}) => compute(executor, EVALUATE, { variable: { source, ...variable } });

/** The error of a hostile function, after which an honest one must succeed on the same executor. */
async function contained(source, { on = executor, ...options } = {}) {
  const error = await failure(on, EVALUATE, { variable: { source }, ...options });
  assert.deepEqual(await compute(on, EVALUATE, { variable: { source: HONEST } }), [2, 4]);
  return error;
}

await evaluate(HONEST);

const ENDLESS = {
  "endless loop": "() => { for (;;); }",
  "endless loop that catches": "() => { for (;;) { try { for (;;); } catch {} } }",
  "promise chain": "async () => { for (;;) await null; }",
  "promise that never settles": "() => new Promise(() => {})",
  "catastrophic regexp": "() => /(a+)+$/.test('a'.repeat(60) + 'b')",
  "another catastrophic regexp": "() => /^(\\w+\\s?)*$/.test('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!')",
  "getter that never returns": "(v, c) => { c.result = { get a() { for (;;); } }; }",
  "toJSON that never returns": "(v, c) => { c.result = { toJSON() { for (;;); } }; }",
  "thenable that never settles": "(v, c) => { c.result = 1; return { then() {} }; }",
  "message that never ends": "() => { throw { toString() { for (;;); } }; }",
  "search in an array without end": "() => Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)",
  "join of an array without end": "() => Array.prototype.join.call({ length: 2 ** 53 - 1 }, '')",
  "sorts of nothing": "() => { for (;;) new Array(2 ** 22).sort(); }",
  "powers of a large number": "() => { for (;;) String(7n ** 100000n); }",
  "a context full of endless getters": "(v, c) => ({ get result() { for (;;); } })",
  "a proxy without end": "() => new Proxy({}, { get() { for (;;); } })",
};
for (const [name, source] of Object.entries(ENDLESS)) {
  test(`ended at its deadline: ${name}`, async () => {
    const began = performance.now();
    assert.equal((await contained(source, { timeout: 100 })).kind, "timeout");
    assert.ok(performance.now() - began < 10_000);
  });
}

const BOMBS = {
  "of arrays": "() => { const all = []; for (;;) all.push(new Array(1000).fill(1.5)); }",
  "of buffers": "() => { const all = []; for (;;) all.push(new Uint8Array(1 << 22).fill(1)); }",
  "of shared buffers": "() => { const all = []; for (;;) all.push(new SharedArrayBuffer(1 << 22)); }",
  "of strings": "() => { const all = []; for (let n = 0; ; n++) all.push('x'.repeat(1e6) + n, [...all].join()); }",
  "of objects": "() => { let all; for (;;) all = { all }; }",
  "of promises": "() => { for (;;) Promise.resolve().then(() => {}); }",
  "of functions": "() => { const all = []; for (;;) all.push(Function('return ' + all.length)); }",
  "of maps": "() => { const all = new Map(); for (let n = 0; ; n++) all.set(n, {}); }",
  "that is caught": "() => { const all = []; for (;;) { try { all.push(new Uint8Array(1 << 22)); } catch {} } }",
  "in the context": "(v, c) => { c.all = []; for (;;) c.all.push(new Array(1000).fill(1.5)); }",
  "after a promise": "async () => { await null; const all = []; for (;;) all.push(new Array(1000).fill(1.5)); }",
};
for (const [name, source] of Object.entries(BOMBS)) {
  test(`a memory bomb ends at its limit: ${name}`, async () => {
    const { kind, message } = await contained(source, { on: small });
    assert.equal(kind, "memory");
    assert.match(message, /memory limit of 16 MB: use less, or require more by `memory_mb`$/);
  });
}

test("a string that doubles is an error of the job", async () => {
  assert.match((await contained("() => { let all = 'x'; for (;;) all += all + 1; }")).kind, /^(threw|memory)$/);
});

const DEEP = {
  calls: "function recur() { return recur() + 1; }",
  getters: "() => { const o = { get a() { return this.a; } }; return o.a; }",
  "texts of texts": "() => { const o = { toString() { return '' + o; } }; return '' + o; }",
  proxies: "() => { let p = {}; for (let n = 0; n < 1e5; n++) p = new Proxy(p, {}); return p.x; }",
  "sorts of sorts": "() => { const f = () => [1, 2].sort(f); f(); }",
  "JSON to be read": "() => JSON.parse('['.repeat(1e6))",
  parentheses: "() => eval('('.repeat(1e5))",
  "functions in functions": "() => eval('function f(){'.repeat(1e5))",
  "groups of a regexp": "() => new RegExp('(?:'.repeat(1e5) + 'a' + ')'.repeat(1e5)).test('a')",
  "iterators of iterators":
    "() => { let i = [1].values(); for (let n = 0; n < 1e5; n++) i = i.map((x) => x); i.next(); }",
};
for (const [name, source] of Object.entries(DEEP)) {
  test(`nesting too deep is an error of the job: ${name}`, async () => {
    const error = await contained(source);
    assert.match(`${error.kind} ${error.message}`, /^threw .*(stack overflow|Maximum call stack)/);
  });
}

test("a result of 40 megabytes is refused", async () => {
  const roomy = await opened({ memoryMb: 256 });
  const error = await failure(roomy.create(), "(v, c) => { c.result = 'x'.repeat(4e7); }");
  assert.equal(error.kind, "too-large");
});

test("a result of 12 megabytes beyond the memory limit ends the process", async () => {
  assert.equal((await contained("(v, c) => { c.result = 'x'.repeat(1.2e7); }", { on: small })).kind, "memory");
});

test("a throwing toJSON is an error of the job", async () => {
  const error = await contained("(v, c) => { c.result = { toJSON() { throw new Error('no'); } }; }");
  assert.equal(error.message, "Error: no");
});

test("a throwing Proxy is an error of the job", async () => {
  const source = "(v, c) => { c.result = new Proxy({}, { ownKeys() { throw new Error('no'); } }); }";
  assert.equal((await contained(source)).message, "Error: no");
});

test("an error without a text is an error of the job", async () => {
  assert.equal((await contained("() => { throw { toString() { throw 1; } }; }")).kind, "threw");
});

test("a long message is truncated", async () => {
  assert.ok((await contained("() => { throw 'x'.repeat(1e7); }")).message.length <= 2000);
});

test("a forged error kind is ignored", async () => {
  assert.equal((await contained("() => { throw { kind: 'memory', message: 'forged' }; }")).kind, "threw");
});

test("promises that a job leaves pending end with it", async () => {
  const source = "(v, c) => { (async () => { for (;;) await null; })(); c.result = 1; }";
  assert.equal(await compute(executor, source), 1);
  assert.equal(await compute(executor, source), 1);
  assert.deepEqual(await compute(executor, HONEST, { job: "honest" }), [2, 4]);
});

const LOWER_CASE = new Set([
  "console", "parseFloat", "parseInt", "isFinite", "isNaN", "eval", "globalThis", "escape", "unescape", "undefined",
  "decodeURI", "decodeURIComponent", "encodeURI", "encodeURIComponent", "atob", "btoa", "crypto", "structuredClone",
]);

const valueOf = (expression) => evaluate("(v, c) => { c.result = (0, eval)(v.expression) ?? null; }", { expression });

test("every global is part of the language", async () => {
  const names = await valueOf("Reflect.ownKeys(globalThis).filter((name) => typeof name === 'string')");
  assert.deepEqual(names.filter((name) => !/^[A-Z]/.test(name) && !LOWER_CASE.has(name)), []);
});

const HOST = [
  "process", "require", "module", "exports", "global", "Buffer", "fetch", "WebSocket", "XMLHttpRequest", "EventSource",
  "Worker", "BroadcastChannel", "MessageChannel", "setTimeout", "setInterval", "setImmediate", "queueMicrotask",
  "performance", "navigator", "localStorage", "indexedDB", "caches", "importScripts",
  "postMessage", "self", "window", "document", "WebAssembly", "std", "os", "scriptArgs", "print", "gc", "InternalError",
  "__dirname", "fs", "Deno", "Bun",
];
for (const name of HOST) {
  test(`undefined: ${name}`, async () => {
    assert.equal(await valueOf(`typeof ${name}`), "undefined");
  });
}

const ESCAPES = {
  "the constructor of the global object": "globalThis.constructor.constructor('return process')()",
  "the constructor of a function": "(() => {}).constructor('return process')()",
  "the constructor of an async function": "(async () => {}).constructor('return typeof process')() && process",
  "the constructor of the harness's function":
    "(function () { return arguments.callee.caller.constructor('return process')(); })()",
  "the constructor of an error":
    "(() => { try { null.x; } catch (ex) { return ex.constructor.constructor('return process')(); } })()",
  "a host's stack trace":
    "(() => { Error.prepareStackTrace = (_, s) => s; return new Error().stack[0].getThis().process; })().pid",
  "require by a module": "module.require('fs')",
  "the bindings": "process.binding('fs')",
};
for (const [name, expression] of Object.entries(ESCAPES)) {
  test(`no escape by ${name}`, async () => {
    await assert.rejects(valueOf(expression), { name: "JobError", kind: "threw" });
  });
}

test("the job's this is its own global object", async () => {
  const source = "function (v, c) { c.result = this === undefined || this === globalThis; }";
  assert.equal(await compute(executor, source), true);
});

for (const name of ["fs", "node:fs", "std", "os", "/etc/passwd", "http://127.0.0.1/", "data:text/javascript,1"]) {
  test(`import("${name}") fails`, async () => {
    const source = "async ({ name }, c) => { c.result = await import(name).then(() => 'imported', () => 'refused'); }";
    assert.equal(await evaluate(source, { name }), "refused");
  });
}

const TAMPERING = {
  JSON: "JSON.stringify = JSON.parse = () => '0';",
  "Object.prototype":
    "Object.prototype.toJSON = () => 0; Object.prototype.kind = 'threw'; Object.prototype.result = '9';",
  "Object.prototype by setters":
    "Object.defineProperty(Object.prototype, 'outcome', { set() { throw 1; }, get() { return '{}'; } });",
  "Array.prototype": "Array.prototype.push = Array.prototype.map = () => { throw 1; };",
  "Promise.prototype": "Promise.prototype.then = Promise.prototype.constructor = 0;",
  Promise: "globalThis.Promise = class { then() {} };",
  "String.prototype": "String.prototype.slice = () => { throw 1; };",
  "Function.prototype": "Function.prototype.call = Function.prototype.apply = () => { throw 1; };",
  "every global": "for (const name of Reflect.ownKeys(globalThis)) { try { globalThis[name] = 0; } catch {} }",
};
const tampering = (code) => `(v, c) => { c.result = 1; if (v.tamper) { ${code} } }`;
for (const [name, code] of Object.entries(TAMPERING)) {
  test(`tampering with ${name} does not break the next response`, async () => {
    const source = tampering(code);
    await compute(executor, source, { variable: { tamper: true } }).catch(() => {});
    assert.equal(await compute(executor, source), 1);
  });
}

test("tampering does not reach the next job", async () => {
  const source = tampering(Object.values(TAMPERING).map((code) => `try { ${code} } catch {}`).join(" "));
  await compute(executor, source, { variable: { tamper: true } }).catch(() => {});
  assert.deepEqual(await compute(executor, HONEST, { job: "honest" }), [2, 4]);
});
