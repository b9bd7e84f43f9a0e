// The whole of a worker in the cage: takes units from the relay, has them computed beside the job, and answers each
// with one message. Text of a `data:` URI, not a module. What it needs of the worker it takes before the globals go.
(function unitWorker(/** @type {Function} */ openJob, /** @type {{gpu: boolean, limit: number}} */ options) {
  "use strict";
  const { gpu, limit } = options;
  const post = self.postMessage.bind(self);
  const now = performance.now.bind(performance);
  const compute = openJob(additions());

  // Beyond the language: how many cores there are; the graphics card and its constants, where the volunteer allows it.
  function additions() {
    const { hardwareConcurrency, gpu: card } = /** @type {Navigator & {gpu?: unknown}} */ (navigator);
    if (!gpu) return { __proto__: null, navigator: { hardwareConcurrency } };
    const names = ["GPUBufferUsage", "GPUColorWrite", "GPUMapMode", "GPUShaderStage", "GPUTextureUsage"];
    const constants = Object.fromEntries(names.map((name) => [name, Reflect.get(globalThis, name)]));
    return { __proto__: null, ...constants, navigator: { hardwareConcurrency, gpu: card } };
  }

  /** @param {MessageEvent} event */
  return ({ data: { unit, source, variable, context } }) => {
    const started = now();
    compute(source, variable, context, limit, (/** @type {object} */ answer) => {
      post({ __proto__: null, unit, seconds: (now() - started) / 1000, ...answer });
    });
  };
})
