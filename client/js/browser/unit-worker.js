// A worker of the sandbox: computes each unit that the relay sends, and posts what it prints and one response. The text
// of a `data:` URI, no module. It keeps references to the globals that it needs, since `openJob` deletes them.
(function unitWorker(/** @type {Function} */ openJob, /** @type {{gpu: boolean, limit: number}} */ options) {
  "use strict";
  const { gpu, limit } = options;
  const post = self.postMessage.bind(self);
  const now = performance.now.bind(performance);
  const compute = openJob(additions(), print);
  let running = 0;

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

  /** @param {MessageEvent} event */
  return ({ data: { unit, source, variable, context, lossy, seed } }) => {
    const started = now();
    running = unit;
    const done = (/** @type {object} */ response) => {
      post({ __proto__: null, unit, seconds: (now() - started) / 1000, ...response });
    };
    compute(source, variable, context, lossy === true, limit, done, seed);
  };
})
