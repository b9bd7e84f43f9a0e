// What stands around the child process in Node, whatever gets out of QuickJS: tried by a script in the job's place.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { getPriority } from "node:os";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Child } from "../node/child.js";
import { childCommand } from "../node/command.js";
import { NodeComputer } from "../node/computer.js";
import { pack, Unpacker } from "../node/frames.js";
import { platform } from "../node/platform.js";
import { becomes, compute, failure, gone, opened } from "./node-computers.js";

const LINUX = process.platform === "linux";
const PROBE = fileURLToPath(new URL("node-probe.js", import.meta.url));
const WRITTEN = "/tmp/comp-pool-probe";
const command = await childCommand({ memoryMb: 64, resultBytes: 1000 });

const here = (wall) => command.walls.includes(wall) || `no such wall here: ${wall}`;
const unless = (there) => ({ skip: there === true ? false : there });

/** The command of a child with another script in its place. */
function probing(...parameters) {
  const words = [...command.parameters];
  const place = words.findIndex((word) => word.endsWith("child-process.js"));
  words.splice(place, words.length, `--allow-fs-read=${PROBE}`, PROBE, ...parameters);
  return { ...command, parameters: words };
}

/** The command of a child without what the shell and Linux add. */
function bare() {
  const place = command.parameters.indexOf(process.execPath);
  return { ...command, file: process.execPath, parameters: command.parameters.slice(place + 1) };
}

const connections = [];
const server = createServer((socket) => connections.push(socket.destroy()));
let found;

before(async () => {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const child = new Child(probing(server.address().port, WRITTEN), 1 << 20);
  found = await child.ask({});
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
    assert.match(found[name], /^(ERR_ACCESS_DENIED|ERR_DLOPEN_DISABLED|ERR_DLOPEN_FAILED|EvalError)$/);
  });
}

test("nor make code of text", () => assert.equal(found["make code of text"], "EvalError"));

test("nothing was written", () => assert.ok(!existsSync(WRITTEN)));

test("its environment is empty, and it stands at the root", () => {
  assert.deepEqual([found.environment, found.folder], [{}, "/"]);
});

test("it reaches nobody by the network", unless(here("no network")), () => {
  assert.deepEqual([found.connect, connections.length], ["ENETUNREACH", 0]);
});

test("it lets others go first", async () => {
  assert.equal(getPriority(await computing()), 10);
});

test("its limits are lowered", unless(LINUX && here("limits")), async () => {
  const limits = readFileSync(`/proc/${await computing()}/limits`, "utf8");
  const limit = (name) => limits.match(new RegExp(`${name} +(\\d+) +(\\d+)`)).slice(1).map(Number);
  assert.deepEqual(limit("Max core file size"), [0, 0]);
  assert.deepEqual(limit("Max file size"), [0, 0]);
  assert.deepEqual(limit("Max open files"), [64, 64]);
  assert.equal(limit("Max data size")[1], (512 + 256 + 1024) * 2 ** 20);
});

test("it can gain no privileges", unless(here("dies with its parent")), async () => {
  assert.match(readFileSync(`/proc/${await computing()}/status`, "utf8"), /NoNewPrivs:\t1/);
});

/** The process id of a child that has computed. */
async function computing() {
  const computer = (await opened()).computer();
  await compute(computer, "() => ({ result: 1 })");
  return computer.pid;
}

const LOOP = { source: "() => { for (;;); }", variable: "{}", context: null };
const IDLE = { source: "() => ({ result: 1 })", variable: "{}", context: null };
const SILENT = { source: "() => new Promise(() => {})", variable: "{}", context: null };
const NATIVE = { ...LOOP, source: "() => Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)" };

for (const [name, unit] of Object.entries({ LOOP, NATIVE })) {
  test(`a child ends itself at its deadline without its parent's help: ${name}`, async () => {
    const child = new Child(bare(), 1000);
    const answer = await child.ask({ ...unit, milliseconds: 500 });
    assert.deepEqual(answer, { kind: "timeout", message: "it was not done by its deadline", over: true });
    assert.ok(await gone(child.pid));
  });
}

const ORPHANS = [
  ["idle", IDLE, bare()],
  ["waiting for a promise", SILENT, bare()],
  ["in a loop", LOOP, bare()],
  ["in a loop, within all walls", LOOP, command],
];
if (command.walls.includes("dies with its parent")) ORPHANS.push(["in a search without end", NATIVE, command]);
for (const [name, unit, started] of ORPHANS) {
  test(`a child dies with its parent: ${name}`, async () => {
    assert.ok(await gone(await orphan(started, unit, 700)));
  });
}

test("a child whose parent is gone before it begins ends, too", async () => {
  assert.ok(await gone(await orphan(bare(), NATIVE, 0)));
});

/** The process id of a child whose parent was killed so many milliseconds after it was started. */
async function orphan(started, unit, delay) {
  const script = `
    import { Child } from ${JSON.stringify(new URL("../node/child.js", import.meta.url))};
    const child = new Child(${JSON.stringify(started)}, 1000);
    child.ask(${JSON.stringify({ ...unit, milliseconds: 60_000 })});
    console.log(child.pid);
  `;
  const stdio = ["ignore", "pipe", "inherit"];
  const parent = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio });
  const pid = await new Promise((resolve) => parent.stdout.once("data", (text) => resolve(Number(text))));
  await wait(delay);
  parent.kill("SIGKILL");
  return pid;
}

/** The command of a child that says whatever it is told to. */
function commandSaying(text) {
  const said = JSON.stringify(text.toString("base64"));
  const script = `require("fs").writeSync(3, Buffer.from(${said}, "base64")); setInterval(() => {}, 1000);`;
  return { file: process.execPath, parameters: ["-e", script], walls: [] };
}

const saying = (text) => new Child(commandSaying(text), 1000);

const LIES = {
  "what is no JSON": Buffer.from("\0\0\0\x02{]", "latin1"),
  "a frame that is too long": Buffer.from("\xff\xff\xff\xffx", "latin1"),
  "two answers to one unit": Buffer.concat([pack({ result: "1" }), pack({ result: "2" })]),
};
for (const [name, text] of Object.entries(LIES)) {
  test(`a child that sends ${name} is ended`, async () => {
    const child = saying(text);
    await assert.rejects(child.ask({}), { name: "JobError", kind: "misbehaved" });
    assert.ok(await gone(child.pid));
  });
}

for (const answer of [{ result: "{", seconds: 1 }, { result: "1", seconds: "1" }, { result: "1" }]) {
  test(`a child that answers ${JSON.stringify(answer)} misbehaves`, async () => {
    const computer = new NodeComputer(commandSaying(pack(answer)), platform.clock, 1000);
    assert.equal((await failure(computer, "() => 1")).kind, "misbehaved");
    assert.equal(computer.pid, undefined);
  });
}

for (const answer of [[], "text", 5, {}, { kind: 5 }]) {
  test(`a child that answers ${JSON.stringify(answer)} fails its unit`, async () => {
    const computer = new NodeComputer(commandSaying(pack(answer)), platform.clock, 1000);
    assert.equal((await failure(computer, "() => 1")).name, "JobError");
    computer.close();
  });
}

test("an answer that nobody asked for is no answer to the next unit", async () => {
  const child = saying(pack({ result: "1" }));
  assert.ok(await becomes(() => child.isOver));
});

test("a child that can't be started is an error of no other kind", async () => {
  const child = new Child({ file: "/nonexistent", parameters: [], walls: [] }, 1000);
  await assert.rejects(child.ask({}), { name: "JobError", kind: "crash" });
});

test("a child that was killed from outside is replaced", async () => {
  const computer = (await opened()).computer();
  const failing = failure(computer, "() => { for (;;); }");
  setTimeout(() => process.kill(computer.pid, "SIGKILL"), 300);
  assert.equal((await failing).kind, "memory");
  assert.equal(await compute(computer, "() => ({ result: 1 })"), 1);
});

test("a frame may come in parts of any size", () => {
  const document = { text: "Ω".repeat(100) };
  const frame = pack(document);
  for (const size of [1, 2, 3, 5, frame.length]) {
    const unpacker = new Unpacker(1000);
    let last;
    for (let at = 0; at < frame.length; at += size) last = unpacker.add(frame.subarray(at, at + size));
    assert.deepEqual(last, document);
  }
});
