// Runs a job's `render` in the sandbox frame, as units run there: no network, no page. One at a time on a page, each in
// a frame of its own that is removed afterwards: nothing that it left behind goes on.

import { BrowserExecutor } from "../../js/browser/executor.js";
import { platform } from "../../js/browser/platform.js";
import { SandboxFrame } from "../../js/browser/sandbox-frame.js";
import { MAX_RENDER } from "./validate.js";

/** Milliseconds, on a slow phone too: a picture is no computation. */
export const RENDER_TIMEOUT = 3000;

/** The end of the render before. */
let previous = Promise.resolve();

/** @typedef {{text: string, milliseconds: number}} Rendered what `render` returned, as JSON, and what it took */

/**
 * Runs a job's `render`. Rejects with JobError.
 * @param {string} sandbox the address of the sandbox document
 * @param {string} source of the function
 * @param {{results: object[], context: object}} given
 * @returns {Promise<Rendered>}
 */
export function runRender(sandbox, source, given) {
  const run = previous.then(() => runAlone(sandbox, source, JSON.stringify(given)));
  previous = run.then(
    () => {},
    () => {},
  );
  return run;
}

/** @param {string} sandbox @param {string} source @param {string} variable @returns {Promise<Rendered>} */
async function runAlone(sandbox, source, variable) {
  const started = performance.now();
  const executor = new BrowserExecutor(() => SandboxFrame.open(sandbox, platform.clock), platform.clock, MAX_RENDER);
  const unit = { job: "render", source: wrapped(source), variable, context: null, seed: 0, gpu: false };
  try {
    const { result } = await executor.compute(unit, { timeout: RENDER_TIMEOUT });
    return { text: result, milliseconds: performance.now() - started };
  } finally {
    executor.close();
  }
}

/** As a unit's function. @param {string} source */
const wrapped = (source) => `async ({ results, context }) => ({ result: await (${source}\n)(results, context) })`;
