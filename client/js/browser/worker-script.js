// The worker script of a variable, for those who load it directly with `new Worker(uri)`: computes, and posts one
// message, `{context}` or `{error: {kind, message}}`. It has the pool's origin: it is for code that one trusts.
/** @typedef {{source: string, variable: string, context: string | null}} Work */
(function workerScript(/** @type {Function} */ openJob, /** @type {Work} */ work) {
  "use strict";
  const post = self.postMessage.bind(self);
  const { parse } = JSON;
  const { hardwareConcurrency } = navigator;
  const compute = openJob({ __proto__: null, navigator: { hardwareConcurrency } });

  /** @param {Record<string, string>} answer @param {unknown} context */
  function done(answer, context) {
    if (answer.result === undefined) {
      post({ error: { kind: answer.kind, message: answer.message } });
      return;
    }
    try {
      post({ context });
    } catch {
      // A context may hold what can't be sent, such as functions: its result always can.
      post({ context: { result: parse(answer.result) } });
    }
  }

  compute(work.source, work.variable, work.context, Infinity, done);
})
