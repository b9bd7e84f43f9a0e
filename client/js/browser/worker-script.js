// The worker script of a variable, for `new Worker(uri)`: computes it and posts one message, `{context}` or
// `{error: {kind, message}}`. It has the pool's origin, so it is for trusted code only.
/** @typedef {{source: string, variable: string, context: string | null, lossy: boolean, seed: number}} Work */
(function workerScript(/** @type {Function} */ openJob, /** @type {Work} */ work) {
  "use strict";
  const post = self.postMessage.bind(self);
  const { parse } = JSON;
  const { hardwareConcurrency } = navigator;
  const compute = openJob({ __proto__: null, navigator: { hardwareConcurrency } });

  /** @param {Record<string, string>} response @param {unknown} context */
  function done(response, context) {
    if (response.result === undefined) {
      post({ error: { kind: response.kind, message: response.message } });
      return;
    }
    try {
      post({ context });
    } catch {
      // A context may hold functions, which can't be cloned; its result is JSON.
      post({ context: { result: parse(response.result) } });
    }
  }

  compute(work.source, work.variable, work.context, work.lossy, Infinity, done, work.seed);
})
