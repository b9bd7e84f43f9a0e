// Executors in child processes, for the tests of Node's platform.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { after } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { JobError } from "../lib/errors.js";
import { platform } from "../node/platform.js";

const TIMEOUT = 5000;

/** Executors; closed after the tests of a file. */
export async function opened(options) {
  const executors = await platform.open(null, options);
  after(() => executors.close());
  return executors;
}

/** The parsed result of a unit. */
export async function compute(executor, source, options = {}) {
  const { variable = {}, job = "job", context, lossy, timeout = 20_000, signal } = options;
  const unit = {
    job,
    source,
    variable: JSON.stringify(variable),
    context: context === undefined ? null : JSON.stringify(context),
    lossy,
    gpu: false,
  };
  const { result, seconds } = await executor.compute(unit, { timeout, signal });
  assert.ok(seconds >= 0);
  return JSON.parse(result);
}

/** The JobError of a unit that must fail. */
export async function failure(executor, source, options) {
  try {
    await compute(executor, source, options);
  } catch (ex) {
    assert.ok(ex instanceof JobError, String(ex));
    return ex;
  }
  assert.fail("it did not fail");
}

/** Waits until a condition holds; false after a timeout. */
export async function isEventually(condition) {
  for (let waited = 0; waited < TIMEOUT && !condition(); waited += 20) await wait(20);
  return condition();
}

/** Waits until a process has ended. */
export const hasExited = (pid) => isEventually(() => !isAlive(pid));

function isAlive(pid) {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A zombie has ended, and has not been waited for.
  return !existsSync(`/proc/${pid}/stat`) || !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
}
