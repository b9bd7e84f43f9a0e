// The isolation of the child process in Node beyond QuickJS: tried by a probe in place of its script.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { getPriority } from "node:os";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Child } from "../node/child.js";
import { childCommand } from "../node/command.js";
import { NodeExecutor } from "../node/executor.js";
import { pack, Unpacker } from "../node/frames.js";
import { platform } from "../node/platform.js";
import { isEventually, compute, failure, hasExited, opened } from "./node-executors.js";

const LINUX = process.platform === "linux";
const PROBE = fileURLToPath(new URL("node-probe.js", import.meta.url));
const WRITTEN = "/tmp/comp-pool-probe";
const command = await childCommand({ memoryMb: 64, resultBytes: 1000 });

const available = (layer) => command.layers.includes(layer) || `not available here: ${layer}`;
const skipUnless = (condition) => ({ skip: condition === true ? false : condition });

/** The child's command with the probe as its script. */
function probeCommand(...parameters) {
  const words = [...command.parameters];
  const index = words.findIndex((word) => word.endsWith("child-process.js"));
  words.splice(index, words.length, `--allow-fs-read=${PROBE}`, PROBE, ...parameters);
  return { ...command, parameters: words };
}

/** The child's command without the shell's and Linux's layers. */
function plainCommand() {
  const index = command.parameters.indexOf(process.execPath);
  return { ...command, file: process.execPath, parameters: command.parameters.slice(index + 1) };
}

const connections = [];
const server = createServer((socket) => connections.push(socket.destroy()));
let outcomes;

before(async () => {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const child = new Child(probeCommand(server.address().port, WRITTEN), 1 << 20);
  outcomes = await child.request({});
  child.end(new Error("done"));
});
after(() => {
  server.close();
  rmSync(WRITTEN, { force: true });
});

const REFUSED = [
  "read a file", "list a folder", "list its own folder", "write a file", "make a folder", "remove a file",
  "start a program", "start a thread", "start wasi", "load an addon", "read its own memory",
  "read its environment's file",
];
for (const name of REFUSED) {
  test(`a script in the child can't ${name}`, () => {
    assert.match(outcomes[name], /^(ERR_ACCESS_DENIED|ERR_DLOPEN_DISABLED|ERR_DLOPEN_FAILED|EvalError)$/);
  });
}

test("nor make code of text", () => assert.equal(outcomes["make code of text"], "EvalError"));

test("nothing was written", () => assert.ok(!existsSync(WRITTEN)));

test("its environment has the time zone alone, and its working directory is the root", () => {
  assert.deepEqual([outcomes.environment, outcomes.folder], [{ TZ: "UTC" }, "/"]);
});

test("it has no network", skipUnless(available("network namespace")), () => {
  assert.deepEqual([outcomes.connect, connections.length], ["ENETUNREACH", 0]);
});

test("it has a low priority", async () => {
  assert.equal(getPriority(await computing()), 10);
});

test("its limits are lowered", skipUnless(LINUX && available("limits")), async () => {
  const limits = readFileSync(`/proc/${await computing()}/limits`, "utf8");
  const limit = (name) => limits.match(new RegExp(`${name} +(\\d+) +(\\d+)`)).slice(1).map(Number);
  assert.deepEqual(limit("Max core file size"), [0, 0]);
  assert.deepEqual(limit("Max file size"), [0, 0]);
  assert.deepEqual(limit("Max open files"), [64, 64]);
  assert.equal(limit("Max data size")[1], (512 + 256 + 1024) * 2 ** 20);
});

test("it can't gain privileges", skipUnless(available("parent death signal")), async () => {
  assert.match(readFileSync(`/proc/${await computing()}/status`, "utf8"), /NoNewPrivs:\t1/);
});

/** The process id of a child that has computed. */
async function computing() {
  const executor = (await opened()).create();
  await compute(executor, "() => ({ result: 1 })");
  return executor.pid;
}

const LOOP = { source: "() => { for (;;); }", variable: "{}", context: null };
const IDLE = { source: "() => ({ result: 1 })", variable: "{}", context: null };
const SILENT = { source: "() => new Promise(() => {})", variable: "{}", context: null };
const NATIVE = { ...LOOP, source: "() => Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)" };

for (const [name, unit] of Object.entries({ LOOP, NATIVE })) {
  test(`a child enforces its own deadline: ${name}`, async () => {
    const child = new Child(plainCommand(), 1000);
    const response = await child.request({ ...unit, timeout: 300 });
    assert.deepEqual(response, { kind: "timeout", message: "the deadline has passed", final: true });
    assert.ok(await hasExited(child.pid));
  });
}

const ORPHANS = [
  ["idle", IDLE, plainCommand()],
  ["waiting for a promise", SILENT, plainCommand()],
  ["in a loop", LOOP, plainCommand()],
  ["in a loop, with all layers", LOOP, command],
];
if (command.layers.includes("parent death signal")) ORPHANS.push(["in an endless search", NATIVE, command]);
for (const [name, unit, started] of ORPHANS) {
  test(`a child dies with its parent: ${name}`, async () => {
    assert.ok(await hasExited(await orphan(started, [IDLE, unit], 100)));
  });
}

test("a child ends whose parent has ended before it starts", async () => {
  assert.ok(await hasExited(await orphan(plainCommand(), [NATIVE], 0)));
});

/**
 * The process id of a child whose parent was killed so many milliseconds after it sent the last of these units: by
 * itself, since on a busy machine this process may be late.
 */
async function orphan(started, units, delay) {
  const script = `
    import { Child } from ${JSON.stringify(new URL("../node/child.js", import.meta.url))};
    const child = new Child(${JSON.stringify(started)}, 1000);
    const units = ${JSON.stringify(units.map((unit) => ({ ...unit, timeout: 60_000 })))};
    for (const unit of units.slice(0, -1)) await child.request(unit);
    child.request(units.at(-1));
    console.log(child.pid);
    setTimeout(() => process.kill(process.pid, "SIGKILL"), ${delay});
  `;
  const stdio = ["ignore", "pipe", "inherit"];
  const parent = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio });
  const killed = once(parent, "exit");
  const pid = await new Promise((resolve) => parent.stdout.once("data", (text) => resolve(Number(text))));
  await killed;
  return pid;
}

/** The command of a child that sends these bytes. */
function sendCommand(bytes) {
  const encoded = JSON.stringify(bytes.toString("base64"));
  const script = `require("fs").writeSync(3, Buffer.from(${encoded}, "base64")); setInterval(() => {}, 1000);`;
  return { file: process.execPath, parameters: ["-e", script], layers: [] };
}

const sender = (bytes) => new Child(sendCommand(bytes), 20_000);

const INVALID = {
  "invalid JSON": Buffer.from("\0\0\0\x02{]", "latin1"),
  "a frame that is too long": Buffer.from("\xff\xff\xff\xffx", "latin1"),
  "two responses to one request": Buffer.concat([pack({ result: "1" }), pack({ result: "2" })]),
  "a flood of prints": Buffer.concat(Array.from({ length: 102 }, () => pack({ console: "" }))),
  "prints that are too long": pack({ console: "x".repeat(10_001) }),
};
for (const [name, bytes] of Object.entries(INVALID)) {
  test(`a child that sends ${name} is ended`, async () => {
    const child = sender(bytes);
    await assert.rejects(child.request({}), { name: "JobError", kind: "misbehaved" });
    assert.ok(await hasExited(child.pid));
  });
}

for (const response of [{ result: "{", seconds: 1 }, { result: "1", seconds: "1" }, { result: "1" }]) {
  test(`a child that responds with ${JSON.stringify(response)} misbehaves`, async () => {
    const executor = new NodeExecutor(sendCommand(pack(response)), platform.clock, 1000);
    assert.equal((await failure(executor, "() => 1")).kind, "misbehaved");
    assert.equal(executor.pid, undefined);
  });
}

for (const response of [[], "text", 5, {}, { kind: 5 }]) {
  test(`a child that responds with ${JSON.stringify(response)} fails its unit`, async () => {
    const executor = new NodeExecutor(sendCommand(pack(response)), platform.clock, 1000);
    assert.equal((await failure(executor, "() => 1")).name, "JobError");
    executor.close();
  });
}

test("a response without a request ends the child", async () => {
  const child = sender(pack({ result: "1" }));
  assert.ok(await isEventually(() => child.hasEnded));
});

test("a child that can't start is no fault of the job", async () => {
  const child = new Child({ file: "/nonexistent", parameters: [], layers: [] }, 1000);
  await assert.rejects(child.request({}), { name: "JobError", kind: "sandbox" });
});

test("a killed child is replaced", async () => {
  const executor = (await opened()).create();
  const failing = failure(executor, "() => { for (;;); }");
  setTimeout(() => process.kill(executor.pid, "SIGKILL"), 300);
  assert.equal((await failing).kind, "memory");
  assert.equal(await compute(executor, "() => ({ result: 1 })"), 1);
});

test("a frame may arrive in chunks of any size", () => {
  const document = { text: "Ω".repeat(100) };
  const frame = pack(document);
  for (const size of [1, 2, 3, 5, frame.length]) {
    const unpacker = new Unpacker(1000);
    const chunks = Array.from({ length: Math.ceil(2 * frame.length / size) }, (_, index) => index * size);
    const both = Buffer.concat([frame, frame]);
    const documents = chunks.flatMap((at) => [...unpacker.add(both.subarray(at, at + size))]);
    assert.deepEqual(documents, [document, document]);
  }
});
