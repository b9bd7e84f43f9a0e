// A worker of the sandbox: computes each unit that the relay sends, and posts what it prints and one response. The text
// of a `data:` URI, no module. It keeps references to the globals that it needs, since `openJob` deletes them.
/**
 * @typedef {{unit: number, source: string, variable: string, context: string | null, lossy?: boolean, seed?: number,
 *   after?: number}} UnitMessage `after`: the unit whose result it waits for
 * @typedef {{message: UnitMessage, next?: Following}} Following
 */
(function unitWorker(/** @type {Function} */ openJob, /** @type {{gpu: boolean, limit: number}} */ options) {
  "use strict";
  const { gpu, limit } = options;
  const post = self.postMessage.bind(self);
  const now = performance.now.bind(performance);
  const { wait } = Atomics;
  const { hasOwn } = Object;
  const lock = createLock();
  const turn = createTurn();
  const compute = openJob(additions(), print);
  let running = 0;
  /** The last unit, if it has a result. */
  let succeeded = 0;
  // The units that follow the running one. No array, whose prototype the job may have changed.
  /** @type {Following | undefined} */
  let first;
  /** @type {Following | undefined} */
  let last;

  // Blocks the thread while nothing may run. Only WebAssembly makes shared memory without isolation headers.
  function createLock() {
    try {
      return new Int32Array(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer);
    } catch {
      return undefined;
    }
  }

  // Returns a function that begins the next unit, after the messages that have come during the last one: it may have been
  // withdrawn.
  function createTurn() {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = beginNext;
    return port2.postMessage.bind(port2);
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

  function confirm() {
    post({ __proto__: null, unit: 0, frozen: true });
  }

  // Whatever the job has left behind stands still meanwhile. Without a lock it confirms nothing, and is ended for that.
  // A rest of no time is a sign of life.
  /** @param {number} milliseconds */
  function freeze(milliseconds) {
    if (lock === undefined && milliseconds > 0) return;
    confirm();
    if (lock !== undefined) wait(lock, 0, 0, milliseconds);
  }

  /** @param {UnitMessage} message */
  function begin({ unit, source, variable, context, lossy, seed }) {
    const started = now();
    running = unit;
    const done = (/** @type {{result?: string}} */ response) => {
      post({ __proto__: null, unit, seconds: (now() - started) / 1000, ...response });
      running = 0;
      succeeded = response.result === undefined ? 0 : unit;
      if (succeeded === 0) first = undefined;
      if (first) turn(null);
    };
    compute(source, variable, context, lossy === true, limit, done, seed);
  }

  function beginNext() {
    if (!first || running !== 0) return;
    const { message, next } = first;
    first = next;
    confirm();
    begin(message);
  }

  /** @param {UnitMessage} message */
  function hold(message) {
    const before = first && last ? last.message.unit : running || succeeded;
    // That one has failed meanwhile.
    if (message.after !== before) return;
    const following = { __proto__: null, message, next: undefined };
    if (first && last) last.next = following;
    else first = following;
    last = following;
    if (running === 0) turn(null);
  }

  // The job may have added members to all objects.
  /** @param {MessageEvent} event its data: a unit; with unit 0 `freeze`, a rest, or `withdraw` */
  return ({ data }) => {
    if (data.unit !== 0 && hasOwn(data, "after")) hold(data);
    else if (data.unit !== 0) begin(data);
    else if (hasOwn(data, "freeze")) freeze(data.freeze);
    else first = undefined;
  };
})
