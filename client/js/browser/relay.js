// The relay: runs in the sandbox document, starts a worker for each port that the page sends, and relays messages
// between the two. It never runs the code of a job. It validates what workers send here, in the frame's process, so
// that a flood of messages or a giant one costs the frame and not the page. The text of an inline script, no module.
(function relay(/** @type {string} */ unitWorker, /** @type {string} */ openJob) {
  "use strict";
  const maxMessage = 500;
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
   * The page sends units by the port, and "end" to end the worker.
   * @param {{gpu: unknown, limit: number}} options
   * @param {MessagePort} port
   */
  function startWorker({ gpu, limit }, port) {
    const worker = new Worker(script({ gpu: gpu === true, limit }));
    let unit = 0;

    /** @param {string} kind @param {string} message */
    function end(kind, message) {
      worker.terminate();
      port.postMessage({ ended: true, kind, message: message.slice(0, maxMessage) });
      port.close();
    }

    port.onmessage = ({ data }) => {
      if (data === "end") return end("cancelled", "the unit was cancelled");
      ({ unit } = data);
      return worker.postMessage(data);
    };
    worker.onmessage = ({ data }) => {
      const response = validated(data, unit, limit);
      unit = 0;
      if (response) port.postMessage(response);
      else end("misbehaved", "its worker sent an invalid message");
    };
    worker.onmessageerror = () => end("misbehaved", "its worker sent an unreadable message");
    worker.onerror = (event) => {
      event.preventDefault();
      end("crash", `its worker failed: ${event.message || "unknown reason"}`);
    };
  }

  /**
   * A response to the running unit with its known members only; undefined for any other message.
   * @param {any} data
   * @param {number} unit 0: none is running
   * @param {number} limit
   */
  function validated(data, unit, limit) {
    if (typeof data !== "object" || data === null || unit === 0 || data.unit !== unit) return undefined;
    const { result, seconds, kind, message } = data;
    if (typeof seconds !== "number" || !(seconds >= 0)) return undefined;
    if (isString(result, limit)) return { unit, seconds, result };
    return isString(kind, 20) && isString(message, maxMessage) ? { unit, seconds, kind, message } : undefined;
  }

  /** @param {unknown} value @param {number} maxLength */
  function isString(value, maxLength) {
    return typeof value === "string" && value.length <= maxLength;
  }
})
