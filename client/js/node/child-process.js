// The script of the child process: one interpreter with one job in it, driven by its parent through two pipes.
//
// Requests: `{source, variable, context, lossy, seed, timeout}`, the timeout in milliseconds. Responses: `{console}` for each print
// of the job, then `{result, seconds}` (JSON text) or `{kind, message, stack}`, with `final` if the process ends after
// it. It ends with its parent, and enforces the timeout itself, in case the parent is gone.
import { writeSync } from "node:fs";
import { Socket } from "node:net";
import { constants, setPriority } from "node:os";
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { createContext, Script } from "node:vm";
import { pack, Unpacker } from "./frames.js";
import { Interpreter } from "./interpreter.js";

/** @typedef {import("./interpreter.js").Outcome} Outcome */
/** @typedef {import("./interpreter.js").Unit & {timeout: number}} Request */

const RESPONSE_FD = 3;
/** Milliseconds between two checks of the parent's id. */
const CHECK_INTERVAL = 100;

const [memoryMb, resultBytes, parent] = process.argv.slice(2).map(Number);
const exhausted = `the job exceeded its memory limit of ${memoryMb} MB: use less, or require more by \`memory_mb\``;
let nextCheck = 0;

/** Sends a document at once: while the job runs, nothing else would. @param {object} document */
function sendNow(document) {
  const frame = pack(document);
  for (let sent = 0; sent < frame.length; ) sent += write(frame.subarray(sent));
}

/** The number of bytes that the pipe has taken: none while it is full. @param {Buffer} bytes */
function write(bytes) {
  try {
    return writeSync(RESPONSE_FD, bytes);
  } catch (ex) {
    if (/** @type {NodeJS.ErrnoException} */ (ex).code !== "EAGAIN") throw ex;
    checkParent();
    return 0;
  }
}

/** Sends a last response. @param {string} kind @param {string} message @returns {never} */
function exitWith(kind, message) {
  sendNow({ kind, message, final: true });
  process.exit();
}

/** Exits with the parent. The end of stdin is not enough: nobody reads that while a job runs. */
function checkParent() {
  const now = performance.now();
  if (now < nextCheck) return;
  nextCheck = now + CHECK_INTERVAL;
  if (process.ppid !== parent) process.exit();
}

// In bytes executed of a function before V8 optimises it: by default that begins while QuickJS starts, and costs a
// fifth of the start; in Node 20 as much as the start itself. A flag set here, since Node refuses to start with one that
// its V8 does not know.
setFlagsFromString("--wasm-tiering-budget=300000000");
const interpreter = await Interpreter.open({
  memoryMb,
  resultBytes,
  onpoll: checkParent,
  onprint: (console) => sendNow({ console }),
  onexhausted: () => exitWith("memory", exhausted),
});

/** @type {Request} */
let request;
// `node:vm` for its timeout, not for isolation: a thread of Node's enforces it even in a loop inside QuickJS.
const realm = createContext({ compute: () => interpreter.compute(request) });
const script = new Script("compute()");

/** @returns {Outcome | undefined} */
function compute() {
  try {
    return script.runInContext(realm, { timeout: Math.max(1, Math.ceil(request.timeout)) });
  } catch (ex) {
    return fail(ex);
  }
}

/** An error of the interpreter itself, which must not be used again. @param {unknown} ex @returns {never} */
function fail(ex) {
  const { code } = /** @type {NodeJS.ErrnoException} */ (ex);
  if (code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return exitWith("timeout", "the deadline has passed");
  const message = String(ex);
  // A job can nest calls of QuickJS's own functions too deep for V8's stack.
  return exitWith(message.startsWith("RangeError: Maximum call stack") ? "threw" : "crash", message);
}

function lowerPriority() {
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Not permitted everywhere; then it computes at normal priority.
  }
}

/** @param {Request} next */
function respond(next) {
  checkParent();
  request = next;
  const started = performance.now();
  const outcome = compute();
  // No response for a promise that can never settle: the parent's timeout ends this process, as it would in a browser.
  if (outcome) responses.write(pack({ ...outcome, seconds: (performance.now() - started) / 1000 }));
}

lowerPriority();
const responses = new Socket({ fd: RESPONSE_FD });
const requests = new Unpacker(Infinity);
process.stdin.on("end", () => process.exit());
process.stdin.on("data", (chunk) => {
  for (const next of requests.add(chunk)) respond(/** @type {Request} */ (next));
});
