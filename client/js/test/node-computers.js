// Child processes for the tests of Node's side, and what they answer.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { after } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { JobError } from "../lib/errors.js";
import { platform } from "../node/platform.js";

const PATIENCE = 5000;

/** Computers that are closed after the tests of a file. */
export async function opened(options) {
  const computers = await platform.open(null, options);
  after(() => computers.close());
  return computers;
}

/** Has a computer compute; the result as a value. */
export async function compute(computer, source, options = {}) {
  const { variable = {}, job = "job", context, milliseconds = 20_000, signal } = options;
  const unit = {
    job,
    source,
    variable: JSON.stringify(variable),
    context: context === undefined ? null : JSON.stringify(context),
    gpu: false,
  };
  const { result, seconds } = await computer.compute(unit, { milliseconds, signal });
  assert.ok(seconds >= 0);
  return JSON.parse(result);
}

/** The JobError by which a unit fails. */
export async function failure(computer, source, options) {
  try {
    await compute(computer, source, options);
  } catch (ex) {
    assert.ok(ex instanceof JobError, String(ex));
    return ex;
  }
  assert.fail("it did not fail");
}

/** Waits until something is so; false where it doesn't come to that. */
export async function becomes(condition) {
  for (let waited = 0; waited < PATIENCE && !condition(); waited += 20) await wait(20);
  return condition();
}

/** Waits until a process is gone. */
export const gone = (pid) => becomes(() => !isAlive(pid));

function isAlive(pid) {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // One that has ended and is not waited for yet is a zombie.
  return !existsSync(`/proc/${pid}/stat`) || !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
}
