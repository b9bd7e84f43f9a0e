// The child process that computes: one interpreter with one job in it, driven through two pipes.
//
// The parent sends `{source, variable, context, milliseconds}` to have a unit computed. The child answers with
// `{result, seconds}` (JSON text) or `{kind, message}`; with `over` where it ends after that. It lives no longer than
// its parent, and computes a unit no longer than its deadline.
import { writeSync } from "node:fs";
import { Socket } from "node:net";
import { constants, setPriority } from "node:os";
import process from "node:process";
import { createContext, Script } from "node:vm";
import { pack, Unpacker } from "./frames.js";
import { Interpreter } from "./interpreter.js";

/** @typedef {import("./interpreter.js").Answer} Answer */
/** @typedef {import("./interpreter.js").Unit & {milliseconds: number}} Request */

const ANSWERS = 3;
const BETWEEN_LOOKS = 100;

const [memoryMb, resultBytes, parent] = process.argv.slice(2).map(Number);
let nextLook = 0;

/** Answers for the last time. @param {string} kind @param {string} message @returns {never} */
function leave(kind, message) {
  writeSync(ANSWERS, pack({ kind, message, over: true }));
  process.exit();
}

/** Ends with the parent: one that was killed closes the pipes, but nobody reads those while a job runs. */
function lookForParent() {
  const now = performance.now();
  if (now < nextLook) return;
  nextLook = now + BETWEEN_LOOKS;
  if (process.ppid !== parent) process.exit();
}

const interpreter = await Interpreter.open({
  memoryMb,
  resultBytes,
  onpoll: lookForParent,
  onexhausted: () => leave("memory", "the job used more memory than it may"),
});

/** @type {Request} */
let request;
// Scripts of this kind alone have a time limit. It is kept by a thread of Node's, whatever the interpreter is doing.
const realm = createContext({ compute: () => interpreter.compute(request) });
const script = new Script("compute()");

/** @returns {Answer | undefined} */
function compute() {
  try {
    return script.runInContext(realm, { timeout: Math.max(1, Math.ceil(request.milliseconds)) });
  } catch (ex) {
    return fail(ex);
  }
}

/** What went wrong in the interpreter itself, which is of no use after that. @param {unknown} ex @returns {never} */
function fail(ex) {
  const { code } = /** @type {NodeJS.ErrnoException} */ (ex);
  if (code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return leave("timeout", "it was not done by its deadline");
  const message = String(ex).slice(0, 500);
  // Calls of QuickJS's own that are nested too deep for V8 are the job's doing, too.
  return leave(message.startsWith("RangeError: Maximum call stack") ? "threw" : "crash", message);
}

/** Lets everything else of the computer go first. */
function yieldToOthers() {
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It then computes as anything else does.
  }
}

/** @param {Request} next */
function answer(next) {
  lookForParent();
  request = next;
  const started = performance.now();
  const answer = compute();
  // A promise that can't settle any more is waited for all the same, until the parent loses patience.
  if (answer) answers.write(pack({ ...answer, seconds: (performance.now() - started) / 1000 }));
}

yieldToOthers();
const answers = new Socket({ fd: ANSWERS });
const requests = new Unpacker(Infinity);
process.stdin.on("end", () => process.exit());
process.stdin.on("data", (part) => {
  const next = requests.add(part);
  if (next) answer(/** @type {Request} */ (next));
});
