// The page's side of the sandbox: a frame with an opaque origin, in which a relay runs the workers that compute jobs.
import { JobError } from "../lib/errors.js";

/** @typedef {import("./clock.js").Clock} Clock */
/**
 * @typedef {object} UnitResponse a worker's response to a unit: `result`, or `kind` and `message`
 * @property {number} unit
 * @property {number} seconds
 * @property {string} [result]
 * @property {string} [kind]
 * @property {string} [message]
 * @property {string} [stack]
 */
/** @typedef {{printedBy: number, console: string}} UnitPrint what the job of a unit prints */

/** Of the messages between page and relay, as in relay.js. The pool may have been upgraded since the page was loaded. */
const RELAY_VERSION = 1;
const OPEN_TIMEOUT = 20_000;
const HEARTBEAT_INTERVAL = 1_000;
/**
 * Heartbeats without a response until the frame counts as lost. In Chromium the frame is a process of its own, and not
 * every version has an event for its death (out of memory). A busy machine delays responses by seconds.
 */
const MAX_MISSED = 6;

/** A worker in the sandbox: a port that takes units, and returns what they print and their responses. */
export class SandboxWorker {
  #port;
  /** @type {(response: UnitResponse) => void} */
  onresponse = () => {};
  /** @type {(print: UnitPrint) => void} */
  onprint = () => {};
  /** Confirms a rest: from now on it is frozen for as long as was asked. */
  onfrozen = () => {};
  /** @type {(error: JobError) => void} */
  onend = () => {};

  /** @param {MessagePort} port */
  constructor(port) {
    this.#port = port;
    port.onmessage = ({ data }) => {
      if (data.ended) this.onend(new JobError(data.kind, data.message));
      else if (data.frozen) this.onfrozen();
      else if (data.printedBy) this.onprint(data);
      else this.onresponse(data);
    };
  }

  /**
   * @param {{unit: number, source: string, variable: string, context: string | null, lossy: boolean, seed?: number,
   *   after?: number}} unit `after`: the one whose result it waits for, in the worker
   */
  send(unit) {
    this.#port.postMessage(unit);
  }

  /** The unit that was sent ahead is not begun, unless it has been. */
  withdraw() {
    this.#port.postMessage({ unit: 0, withdraw: true });
  }

  /** Nothing of the job runs for so long, from its confirmation on. @param {number} milliseconds */
  freeze(milliseconds) {
    this.#port.postMessage({ unit: 0, freeze: milliseconds });
  }

  /** Ends the worker without an event. */
  end() {
    this.#port.postMessage("end");
    this.#port.onmessage = null;
  }
}

/** The frame, and the control port of its relay. */
export class SandboxFrame {
  #element;
  #control;
  #clock;
  #missed = 0;
  #closed = false;
  /** @type {Set<SandboxWorker>} */
  #workers = new Set();

  /**
   * @param {HTMLIFrameElement} element @param {MessagePort} control @param {Clock} clock
   * @param {boolean} takesNext whether the relay takes units ahead; an older one does not
   */
  constructor(element, control, clock, takesNext) {
    this.takesNext = takesNext;
    this.#element = element;
    this.#control = control;
    this.#clock = clock;
    control.onmessage = () => {
      this.#missed = 0;
    };
    control.addEventListener("close", () => this.#fail());
    this.#sendHeartbeat();
  }

  /**
   * Loads the sandbox document and connects to its relay. Rejects after a timeout.
   * @param {string} address of the document: the root's link `sandbox`
   * @param {Clock} clock
   * @returns {Promise<SandboxFrame>}
   */
  static async open(address, clock) {
    const element = createElement(address);
    const { port1, port2 } = new MessageChannel();
    let takesNext = false;
    try {
      await new Promise((resolve, reject) => {
        const cancel = clock.after(OPEN_TIMEOUT, () => reject(new Error("the pool's sandbox did not load")));
        port1.onmessage = ({ data }) => {
          cancel();
          takesNext = data.takesNext === true;
          if (data.ready === RELAY_VERSION) resolve(undefined);
          // No other class: after an upgrade this module may run beside an older errors.js.
          else reject(new JobError("outdated", "this page is older than the pool: reload it"));
        };
        // "*" is the only target origin that matches an opaque one. The page's CSP limits the frame to the pool.
        const connect = () => element.contentWindow?.postMessage("connect", "*", [port2]);
        element.addEventListener("load", connect, { once: true });
        document.body.append(element);
      });
    } catch (ex) {
      element.remove();
      throw ex;
    }
    return new SandboxFrame(element, port1, clock, takesNext);
  }

  get closed() {
    return this.#closed;
  }

  /** Whether it has several workers. */
  get isShared() {
    return this.#workers.size > 1;
  }

  /**
   * @param {{gpu: boolean, limit: number}} options `limit` of a result, in characters
   */
  startWorker(options) {
    const { port1, port2 } = new MessageChannel();
    this.#control.postMessage(options, [port2]);
    const worker = new SandboxWorker(port1);
    this.#workers.add(worker);
    return worker;
  }

  /** @param {SandboxWorker} worker */
  endWorker(worker) {
    this.#workers.delete(worker);
    worker.end();
  }

  /**
   * Closes the frame if no worker is left in it. Chromium lets a worker that is only terminated loop on for two seconds;
   * the process of a frame ends at once.
   */
  closeIfEmpty() {
    if (this.#workers.size === 0) this.close();
  }

  /** Removes the frame, which ends all workers at once. */
  close() {
    this.#closed = true;
    this.#element.remove();
    this.#control.close();
  }

  #fail() {
    if (this.#closed) return;
    this.close();
    const error = new JobError("sandbox", "the sandbox does not respond, most likely for lack of memory");
    for (const worker of this.#workers) worker.onend(error);
    this.#workers.clear();
  }

  /** Counts missed responses rather than elapsed time: a machine that slept has missed one heartbeat, not hours. */
  #sendHeartbeat() {
    if (this.#closed) return;
    if (this.#missed >= MAX_MISSED) {
      this.#fail();
      return;
    }
    this.#missed += 1;
    this.#control.postMessage("alive?");
    this.#clock.after(HEARTBEAT_INTERVAL, () => this.#sendHeartbeat());
  }
}

/** @param {string} address */
function createElement(address) {
  const element = document.createElement("iframe");
  element.setAttribute("sandbox", "allow-scripts");
  element.src = address;
  element.title = "comp-pool sandbox";
  element.tabIndex = -1;
  element.setAttribute("aria-hidden", "true");
  // Nearly invisible rather than hidden: Chromium runs the JavaScript of a hidden frame three times slower.
  const style = "position:fixed;left:0;bottom:0;width:1px;height:1px;border:0;opacity:.01;pointer-events:none";
  element.style.cssText = style;
  return element;
}
