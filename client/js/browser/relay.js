// The relay: runs in the sandbox document, starts a worker for each port that the page sends, and relays messages
// between the two. It never runs the code of a job. It validates what workers send here, in the frame's process, so
// that a flood of messages or a giant one costs the frame and not the page. The text of an inline script, no module.
/** @typedef {{unit: number, prints: number, printed: number}} Running a unit, and what it has printed; unit 0: none */
(function relay(/** @type {string} */ unitWorker, /** @type {string} */ openJob) {
  "use strict";
  // What job.js sends at most: in characters, and messages of one unit.
  const maxMessage = 2000;
  const maxStack = 4000;
  const maxConsole = 10_000;
  const maxPrints = 101;
  // Of the messages between page and relay, as in sandbox-frame.js: an open tab may be older than this document.
  const version = 1;

  addEventListener("message", connect);

  /** @param {MessageEvent} event */
  function connect({ source, ports: [control] }) {
    if (source !== parent || !control) return;
    // Once only: nobody else gets a control port.
    removeEventListener("message", connect);
    // With a port: start a worker. Without one: a heartbeat.
    control.onmessage = ({ data, ports: [port] }) => (port ? startWorker(data, port) : control.postMessage("alive"));
    control.postMessage({ ready: version, takesNext: true });
  }

  // A data: URI, not blob: workers from it have an opaque origin each, and are secure contexts, which WebGPU needs.
  /** @param {{gpu: boolean, limit: number}} options */
  function script(options) {
    const text = `addEventListener("message", (${unitWorker})(${openJob}, ${JSON.stringify(options)}));`;
    return `data:text/javascript;charset=utf-8,${encodeURIComponent(text)}`;
  }

  /**
   * The page sends units by the port, `freeze` with unit 0 for a rest, and "end" to end the worker. Units may be sent
   * ahead, each `after` the one before: the worker begins it when that has a result, unless `withdraw` comes before.
   * @param {{gpu: unknown, limit: number}} options
   * @param {MessagePort} port
   */
  function startWorker({ gpu, limit }, port) {
    const worker = new Worker(script({ gpu: gpu === true, limit }));
    /** @type {Running} */
    let running = { unit: 0, prints: 0, printed: 0 };
    /** The last unit, if it has a result. */
    let succeeded = 0;
    /** Those that were sent ahead, in their order. @type {number[]} */
    let following = [];
    let unconfirmedRests = 0;

    /** @param {string} kind @param {string} message */
    function end(kind, message) {
      worker.terminate();
      port.postMessage({ ended: true, kind, message: message.slice(0, maxMessage) });
      port.close();
    }

    port.onmessage = ({ data }) => {
      if (data === "end") return end("cancelled", "the unit was cancelled");
      if (data.after !== undefined && !expectNext(data)) return undefined;
      if (data.freeze !== undefined) unconfirmedRests += 1;
      else if (data.unit !== 0 && data.after === undefined) begin(data.unit, []);
      return worker.postMessage(data);
    };
    worker.onmessage = ({ data }) => {
      const message = validRest(data) ?? validated(data, running, limit);
      if (!message) return end("misbehaved", "its worker sent an invalid message");
      if ("unit" in message) finish(message);
      return port.postMessage(message);
    };

    /** @param {number} unit that the worker begins; 0: none @param {number[]} others that follow */
    function begin(unit, others) {
      running = { unit, prints: 0, printed: 0 };
      following = others;
    }

    /** False if the unit before it has failed: then the worker must not begin it. @param {{unit: number, after: number}} data */
    function expectNext({ unit, after }) {
      if (after === (following.at(-1) ?? running.unit)) following.push(unit);
      else if (after === succeeded) begin(unit, []);
      else return false;
      // Of no time: the worker confirms that it begins.
      unconfirmedRests += 1;
      return true;
    }

    /** @param {{unit: number, result?: string}} response */
    function finish({ unit, result }) {
      succeeded = result === undefined ? 0 : unit;
      const [next = 0, ...others] = succeeded ? following : [];
      begin(next, others);
    }

    /** @param {any} data */
    function validRest(data) {
      if (unconfirmedRests === 0 || data?.unit !== 0 || data.frozen !== true) return undefined;
      unconfirmedRests -= 1;
      return { frozen: true };
    }

    worker.onmessageerror = () => end("misbehaved", "its worker sent an unreadable message");
    worker.onerror = (event) => {
      event.preventDefault();
      end("crash", `its worker failed: ${event.message || "unknown reason"}`);
    };
  }

  /**
   * A message of the running unit with its known members only; undefined for any other one.
   * @param {any} data
   * @param {Running} running
   * @param {number} limit of a result, in characters
   */
  function validated(data, running, limit) {
    const { unit } = running;
    if (typeof data !== "object" || data === null || unit === 0 || data.unit !== unit) return undefined;
    if (typeof data.console === "string") return validPrint(data.console, running);
    return validResponse(data, unit, limit);
  }

  /**
   * Without a member `unit`: an older page takes any message with one for the response.
   * @param {string} console
   * @param {Running} running
   */
  function validPrint(console, running) {
    running.prints += 1;
    running.printed += console.length;
    if (running.prints > maxPrints || running.printed > maxConsole) return undefined;
    return { printedBy: running.unit, console };
  }

  /** @param {any} data @param {number} unit @param {number} limit */
  function validResponse({ seconds, result, kind, message, stack = "" }, unit, limit) {
    if (typeof seconds !== "number" || !(seconds >= 0)) return undefined;
    if (isString(result, limit)) return { unit, seconds, result };
    const isError = isString(kind, 20) && isString(message, maxMessage) && isString(stack, maxStack);
    return isError ? { unit, seconds, kind, message, stack } : undefined;
  }

  /** @param {unknown} value @param {number} maxLength */
  function isString(value, maxLength) {
    return typeof value === "string" && value.length <= maxLength;
  }
})
