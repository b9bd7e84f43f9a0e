// Replaces the script of a child process, as if a job had escaped from QuickJS, and tries what it can do there.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { connect } from "node:net";
import { WASI } from "node:wasi";
import { Worker } from "node:worker_threads";

const [port, written] = process.argv.slice(2);

function outcome(attempt) {
  try {
    attempt();
  } catch (ex) {
    return ex.code ?? ex.name;
  }
  return "done";
}

const connecting = () =>
  new Promise((resolve) => {
    const socket = connect(Number(port), "127.0.0.1", () => resolve("done"));
    socket.on("error", (ex) => resolve(ex.code));
  });

const outcomes = {
  "read a file": outcome(() => readFileSync("/etc/passwd")),
  "list a folder": outcome(() => readdirSync("/")),
  "list its own folder": outcome(() => readdirSync(".")),
  "write a file": outcome(() => writeFileSync(written, "x")),
  "make a folder": outcome(() => mkdirSync(`${written}-folder`)),
  "remove a file": outcome(() => rmSync(written)),
  "start a program": outcome(() => spawnSync("/bin/true")),
  "start a thread": outcome(() => new Worker("1", { eval: true })),
  "start wasi": outcome(() => new WASI({ version: "preview1" })),
  "load an addon": outcome(() => process.dlopen({ exports: {} }, "/nonexistent.node")),
  "read its own memory": outcome(() => readFileSync("/proc/self/maps")),
  "read its environment's file": outcome(() => readFileSync("/proc/self/environ")),
  "make code of text": outcome(() => Function("return 1")()),
  environment: process.env,
  folder: process.cwd(),
  connect: await connecting(),
};

const body = Buffer.from(JSON.stringify(outcomes));
const prefix = Buffer.alloc(4);
prefix.writeUInt32BE(body.length);
writeSync(3, Buffer.concat([prefix, body]));
