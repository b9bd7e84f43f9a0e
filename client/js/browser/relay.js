// What runs in the cage's document: starts a worker for each that the page asks for, and carries messages between the
// two. Job code never runs on this thread. What a worker says is checked here, so that a flood or a giant of a message
// costs the cage, and not the page. Text of an inline script, not a module.
(function relay(/** @type {string} */ unitWorker, /** @type {string} */ openJob) {
  "use strict";
  const longestMessage = 500;

  addEventListener("message", connect);

  /** @param {MessageEvent} event */
  function connect({ source, ports: [desk] }) {
    if (source !== parent || !desk) return;
    removeEventListener("message", connect);
    desk.onmessage = ({ data, ports: [port] }) => (port ? employ(data, port) : desk.postMessage("alive"));
    desk.postMessage("ready");
  }

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
  function employ({ gpu, limit }, port) {
    const worker = new Worker(script({ gpu: gpu === true, limit }));
    let unit = 0;

    /** @param {string} kind @param {string} message */
    function end(kind, message) {
      worker.terminate();
      port.postMessage({ ended: true, kind, message: message.slice(0, longestMessage) });
      port.close();
    }

    port.onmessage = ({ data }) => {
      if (data === "end") return end("cancelled", "it was interrupted");
      ({ unit } = data);
      return worker.postMessage(data);
    };
    worker.onmessage = ({ data }) => {
      const answer = checked(data, unit, limit);
      unit = 0;
      if (answer) port.postMessage(answer);
      else end("misbehaved", "its worker sent what it must not");
    };
    worker.onmessageerror = () => end("misbehaved", "its worker sent what can't be read");
    worker.onerror = (event) => {
      event.preventDefault();
      end("crash", `its worker failed: ${event.message || "no reason given"}`);
    };
  }

  /**
   * One answer to the unit at hand, of the right shape and size; undefined for all else.
   * @param {any} data
   * @param {number} unit 0 where none is at hand
   * @param {number} limit
   */
  function checked(data, unit, limit) {
    if (typeof data !== "object" || data === null || unit === 0 || data.unit !== unit) return undefined;
    const { result, seconds, kind, message } = data;
    if (typeof seconds !== "number" || !(seconds >= 0)) return undefined;
    if (isText(result, limit)) return { unit, seconds, result };
    return isText(kind, 20) && isText(message, longestMessage) ? { unit, seconds, kind, message } : undefined;
  }

  /** @param {unknown} value @param {number} longest */
  function isText(value, longest) {
    return typeof value === "string" && value.length <= longest;
  }
})
