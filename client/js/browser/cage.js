// The page's side of the cage: an invisible frame without an origin, in which workers run the code of jobs.
import { JobError } from "../lib/errors.js";

/** @typedef {import("./clock.js").Clock} Clock */
/**
 * @typedef {object} Answer what a worker said of a unit
 * @property {number} unit
 * @property {number} seconds
 * @property {string} [result]
 * @property {string} [kind]
 * @property {string} [message]
 */

const PATIENCE_TO_OPEN = 20_000;
const BEAT = 1_000;
/** So many beats without an answer, and the cage is taken for dead: in Chromium a process of its own. */
const LOST_BEATS = 6;

/** A worker in the cage: a port that takes units, and answers. */
export class CagedWorker {
  #port;
  /** @type {(answer: Answer) => void} */
  onanswer = () => {};
  /** @type {(error: JobError) => void} */
  onend = () => {};

  /** @param {MessagePort} port */
  constructor(port) {
    this.#port = port;
    port.onmessage = ({ data }) => {
      if (data.ended) this.onend(new JobError(data.kind, data.message));
      else this.onanswer(data);
    };
  }

  /** @param {{unit: number, source: string, variable: string, context: string | null}} unit */
  send(unit) {
    this.#port.postMessage(unit);
  }

  /** Ends the worker, whatever it does; nothing is heard of it again. */
  end() {
    this.#port.postMessage("end");
    this.#port.onmessage = null;
  }
}

/** The frame and the port to its relay. */
export class Cage {
  #frame;
  #desk;
  #clock;
  #unanswered = 0;
  #closed = false;
  /** @type {Set<CagedWorker>} */
  #workers = new Set();

  /** @param {HTMLIFrameElement} frame @param {MessagePort} desk @param {Clock} clock */
  constructor(frame, desk, clock) {
    this.#frame = frame;
    this.#desk = desk;
    this.#clock = clock;
    desk.onmessage = () => {
      this.#unanswered = 0;
    };
    desk.addEventListener("close", () => this.#lose());
    this.#beat();
  }

  /**
   * Loads the cage's document and meets its relay.
   * @param {string} address of the document, as the pool's root says
   * @param {Clock} clock
   * @returns {Promise<Cage>}
   */
  static async open(address, clock) {
    const frame = frameOf(address);
    const { port1, port2 } = new MessageChannel();
    try {
      await new Promise((resolve, reject) => {
        const cancel = clock.after(PATIENCE_TO_OPEN, () => reject(new Error("the pool's sandbox did not load")));
        port1.onmessage = () => resolve(cancel());
        // The frame has no origin that could be named; that it can't leave the pool is the page's policy's doing.
        frame.addEventListener("load", () => frame.contentWindow?.postMessage("connect", "*", [port2]), { once: true });
        document.body.append(frame);
      });
    } catch (ex) {
      frame.remove();
      throw ex;
    }
    return new Cage(frame, port1, clock);
  }

  get closed() {
    return this.#closed;
  }

  /**
   * Starts a worker.
   * @param {{gpu: boolean, limit: number}} options
   */
  worker(options) {
    const { port1, port2 } = new MessageChannel();
    this.#desk.postMessage(options, [port2]);
    const worker = new CagedWorker(port1);
    this.#workers.add(worker);
    return worker;
  }

  /** @param {CagedWorker} worker */
  end(worker) {
    this.#workers.delete(worker);
    worker.end();
  }

  /** Takes the frame away, and with it every worker at once: some go on burning for a while when merely ended. */
  close() {
    this.#closed = true;
    this.#frame.remove();
    this.#desk.close();
  }

  #lose() {
    if (this.#closed) return;
    this.close();
    const error = new JobError("cage", "the sandbox stopped answering, most likely for want of memory");
    for (const worker of this.#workers) worker.onend(error);
    this.#workers.clear();
  }

  #beat() {
    if (this.#closed) return;
    if (this.#unanswered >= LOST_BEATS) {
      this.#lose();
      return;
    }
    this.#unanswered += 1;
    this.#desk.postMessage("alive?");
    this.#clock.after(BEAT, () => this.#beat());
  }
}

/** @param {string} address */
function frameOf(address) {
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts");
  frame.src = address;
  frame.title = "comp-pool sandbox";
  frame.tabIndex = -1;
  frame.setAttribute("aria-hidden", "true");
  // All but invisible, and no more: hidden wholly, Chromium ran its JavaScript three times slower.
  const style = "position:fixed;left:0;bottom:0;width:1px;height:1px;border:0;opacity:.01;pointer-events:none";
  frame.style.cssText = style;
  return frame;
}
