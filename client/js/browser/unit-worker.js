// A worker of the sandbox: computes each unit that the relay sends, and posts what it prints and one response. The text
// of a `data:` URI, no module. It keeps references to the globals that it needs, since `openJob` deletes them.
(function unitWorker(/** @type {Function} */ openJob, /** @type {{gpu: boolean, limit: number}} */ options) {
  "use strict";
  const { gpu, limit } = options;
  const post = self.postMessage.bind(self);
  const now = performance.now.bind(performance);
  const { wait } = Atomics;
  const lock = createLock();
  const compute = openJob(additions(), print);
  let running = 0;

  // Blocks the thread while nothing may run. Only WebAssembly makes shared memory without isolation headers.
  function createLock() {
    try {
      return new Int32Array(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer);
    } catch {
      return undefined;
    }
  }

  // Globals beyond the language: the number of cores; WebGPU and its constants if the volunteer allows it.
  function additions() {
    const { hardwareConcurrency, gpu: card } = /** @type {Navigator & {gpu?: unknown}} */ (navigator);
    if (!gpu) return { __proto__: null, navigator: { hardwareConcurrency } };
    const names = ["GPUBufferUsage", "GPUColorWrite", "GPUMapMode", "GPUShaderStage", "GPUTextureUsage"];
    const constants = Object.fromEntries(names.map((name) => [name, Reflect.get(globalThis, name)]));
    return { __proto__: null, ...constants, navigator: { hardwareConcurrency, gpu: card } };
  }

  /** @param {string} console */
  function print(console) {
    post({ __proto__: null, unit: running, console });
  }

  // Whatever the job has left behind stands still meanwhile. Without a lock it confirms nothing, and is ended for that.
  // A rest of no time is a sign of life.
  /** @param {number} milliseconds */
  function freeze(milliseconds) {
    if (lock === undefined && milliseconds > 0) return;
    post({ __proto__: null, unit: 0, frozen: true });
    if (lock !== undefined) wait(lock, 0, 0, milliseconds);
  }

  // Unit 0: a rest.
  /** @param {MessageEvent} event */
  return ({ data: { unit, source, variable, context, lossy, seed, freeze: milliseconds } }) => {
    if (unit === 0) {
      freeze(milliseconds);
      return;
    }
    const started = now();
    running = unit;
    const done = (/** @type {object} */ response) => {
      post({ __proto__: null, unit, seconds: (now() - started) / 1000, ...response });
    };
    compute(source, variable, context, lossy === true, limit, done, seed);
  };
})
