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
    control.postMessage({ ready: version });
  }

  // A data: URI, not blob: workers from it have an opaque origin each, and are secure contexts, which WebGPU needs.
  /** @param {{gpu: boolean, limit: number}} options */
  function script(options) {
    const text = `addEventListener("message", (${unitWorker})(${openJob}, ${JSON.stringify(options)}));`;
    return `data:text/javascript;charset=utf-8,${encodeURIComponent(text)}`;
  }

  /**
   * The page sends units by the port, `freeze` with unit 0 for a rest, and "end" to end the worker.
   * @param {{gpu: unknown, limit: number}} options
   * @param {MessagePort} port
   */
  function startWorker({ gpu, limit }, port) {
    const worker = new Worker(script({ gpu: gpu === true, limit }));
    /** @type {Running} */
    let running = { unit: 0, prints: 0, printed: 0 };
    let unconfirmedRests = 0;

    /** @param {string} kind @param {string} message */
    function end(kind, message) {
      worker.terminate();
      port.postMessage({ ended: true, kind, message: message.slice(0, maxMessage) });
      port.close();
    }

    port.onmessage = ({ data }) => {
      if (data === "end") return end("cancelled", "the unit was cancelled");
      if (data.unit === 0) {
        unconfirmedRests += 1;
        return worker.postMessage(data);
      }
      running = { unit: data.unit, prints: 0, printed: 0 };
      return worker.postMessage(data);
    };
    worker.onmessage = ({ data }) => {
      const message = validRest(data) ?? validated(data, running, limit);
      if (message) port.postMessage(message);
      else end("misbehaved", "its worker sent an invalid message");
    };
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
    running.unit = 0;
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
