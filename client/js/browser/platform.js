// The platform of a page: executors in the pool's sandbox, and a clock that a background tab does not throttle.
import { JobError } from "../lib/errors.js";
import { heldTo } from "../lib/origin.js";
import { Clock } from "./clock.js";
import { BrowserExecutor } from "./executor.js";
import { SandboxFrame } from "./sandbox-frame.js";

/** @typedef {import("../lib/document.js").Document} Document */
/** @typedef {import("../lib/platform.js").Capabilities} Capabilities */
/** @typedef {import("../lib/platform.js").Executors} Executors */

const DEFAULT_RESULT_BYTES = 1 << 20;
const PROBE_TIMEOUT = 15_000;
/**
 * Milliseconds of processor time that a request takes in the page, the browser and its network process, by estimate: a
 * page can't measure them. `python -m bench share` does.
 */
const REQUEST_OVERHEAD = 2.5;
/** By the word before the version in `navigator.userAgent`. Browsers name others too: Chrome's relatives are Chrome. */
const ENGINES = new Map([["Firefox", "Firefox"], ["Chrome", "Chromium"], ["Version", "Safari"]]);
/** For browsers without `navigator.deviceMemory`. */
const DEFAULT_MEMORY_MB = 1024;

// Runs in the sandbox, as a job does, since workers there have fewer capabilities than the page. The bytes are a module
// with one SIMD instruction; the regular expressions have syntax that QuickJS does not know.
const CAPABILITY_PROBE = `async function (variable, context) {
  const hasGpu = async () => Boolean(navigator.gpu && await navigator.gpu.requestAdapter());
  const simd = new Uint8Array([
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
  ]);
  const knowsSyntax = () => {
    try {
      return [["(?i:a)"], ["[\\\\p{L}--[a-z]]", "v"], ["(?<n>a)|(?<n>b)"]].every((parts) => new RegExp(...parts));
    } catch {
      return false;
    }
  };
  const can = [];
  if (typeof WebAssembly === "object") can.push("wasm");
  if (can.length > 0 && WebAssembly.validate(simd)) can.push("wasm_simd");
  if (await hasGpu()) can.push("webgpu");
  if (knowsSyntax()) can.push("browser_syntax");
  context.result = can;
}`;

/** Executors that share one sandbox frame, which is replaced when it is lost or closed. @implements {Executors} */
class BrowserExecutors {
  /** @type {Promise<SandboxFrame> | undefined} */
  #frame;
  #address;
  #clock;
  #limit;
  #closed = false;
  /** @type {Capabilities} */
  capabilities = { can: [], memoryMb: DEFAULT_MEMORY_MB };
  engine = engine();
  requestOverhead = REQUEST_OVERHEAD;

  /** @param {string} address @param {Clock} clock @param {number} limit of a result, in characters */
  constructor(address, clock, limit) {
    this.#address = address;
    this.#clock = clock;
    this.#limit = limit;
  }

  create() {
    return new BrowserExecutor(() => this.#openFrame(), this.#clock, this.#limit);
  }

  close() {
    this.#closed = true;
    this.#frame?.then((frame) => frame.close()).catch(() => {});
  }

  /**
   * The present frame, or a new one. Each call waits for the one before it, so that a closed frame is replaced once.
   * @returns {Promise<SandboxFrame>}
   */
  #openFrame() {
    this.#frame = Promise.resolve(this.#frame)
      .catch(() => undefined)
      .then((frame) => {
        if (this.#closed) throw new JobError("cancelled", "the volunteer has stopped");
        return frame && !frame.closed ? frame : SandboxFrame.open(this.#address, this.#clock);
      });
    return this.#frame;
  }

  /** Rejects if the sandbox does not work. @param {boolean} gpu @param {number | undefined} memoryMb */
  async detectCapabilities(gpu, memoryMb) {
    const executor = this.create();
    const unit = { job: "", source: CAPABILITY_PROBE, variable: "{}", context: null, gpu };
    try {
      const { result } = await executor.compute(unit, { timeout: PROBE_TIMEOUT });
      this.capabilities = { can: JSON.parse(result), memoryMb: memoryMb ?? deviceMemoryMb() };
    } finally {
      // The first unit follows.
      executor.endWorker();
    }
  }
}

/** Such as `Firefox 128`; empty for an unknown browser. */
function engine() {
  const [, word = "", version = ""] = /(Firefox|Chrome|Version)\/(\d+)/.exec(navigator.userAgent) ?? [];
  return word && `${ENGINES.get(word)} ${version}`;
}

/** Half of the device's memory, which browsers report in GiB. */
function deviceMemoryMb() {
  const { deviceMemory } = /** @type {Navigator & {deviceMemory?: number}} */ (navigator);
  return deviceMemory === undefined ? DEFAULT_MEMORY_MB : deviceMemory * 512;
}

/** @type {Clock | undefined} */
let clock;

export const platform = {
  /** One per page, created on first use: it starts a worker. */
  get clock() {
    clock ??= new Clock();
    return clock;
  },

  /**
   * Calls back when the page is unloaded, or frozen in the back/forward cache.
   * @param {() => void} callback
   * @returns {() => void} unsubscribes
   */
  onExit(callback) {
    addEventListener("pagehide", callback);
    return () => removeEventListener("pagehide", callback);
  },

  /**
   * Opens the pool's sandbox. Rejects if it does not work, and with ForeignLink if the pool names another's: the page
   * may be of a site that trusts this pool alone.
   * @param {Document} root
   * @param {{gpu?: boolean, memoryMb?: number, resultBytes?: number}} [options]
   */
  async open(root, { gpu = false, memoryMb, resultBytes = DEFAULT_RESULT_BYTES } = {}) {
    const address = heldTo(new URL(root.address).origin, root.link("sandbox"));
    const executors = new BrowserExecutors(address, this.clock, resultBytes);
    try {
      await executors.detectCapabilities(gpu, memoryMb);
    } catch (ex) {
      executors.close();
      throw ex;
    }
    return executors;
  },
};
