// Computing in a browser: what `volunteer` needs of the page that it runs in.
import { JobError } from "../lib/errors.js";
import { Cage } from "./cage.js";
import { Clock } from "./clock.js";
import { BrowserComputer } from "./computer.js";

/** @typedef {import("../lib/document.js").Document} Document */
/** @typedef {{can: string[], memoryMb: number}} Abilities */

const USUAL_RESULT_BYTES = 1 << 20;
const PATIENCE_TO_EXPLORE = 15_000;
/** Where the browser doesn't tell how much memory there is. */
const USUAL_MEMORY_MB = 1024;

// Run in the sandbox as a job is, since what is there differs from what a page has.
const EXPLORE = `async function (variable, context) {
  const hasGpu = async () => Boolean(navigator.gpu && await navigator.gpu.requestAdapter());
  const simd = new Uint8Array([
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
  ]);
  const can = [];
  if (typeof WebAssembly === "object") can.push("wasm");
  if (can.length > 0 && WebAssembly.validate(simd)) can.push("wasm_simd");
  if (await hasGpu()) can.push("webgpu");
  context.result = can;
}`;

/** The sandbox of a pool: makes workers in a cage, and a new cage where one was lost. */
class BrowserComputers {
  /** @type {Promise<Cage> | undefined} */
  #cage;
  #address;
  #clock;
  #limit;
  #closed = false;
  /** @type {Abilities} */
  abilities = { can: [], memoryMb: USUAL_MEMORY_MB };

  /** @param {string} address @param {Clock} clock @param {number} limit */
  constructor(address, clock, limit) {
    this.#address = address;
    this.#clock = clock;
    this.#limit = limit;
  }

  computer() {
    return new BrowserComputer(() => this.#open(), this.#clock, this.#limit);
  }

  /** Ends all that computes, at once. */
  close() {
    this.#closed = true;
    this.#cage?.then((cage) => cage.close()).catch(() => {});
  }

  /**
   * The cage, which all workers share; a new one where it was lost. Callers queue, so that there is one at a time.
   * @returns {Promise<Cage>}
   */
  #open() {
    this.#cage = Promise.resolve(this.#cage)
      .catch(() => undefined)
      .then((cage) => {
        if (this.#closed) throw new JobError("cancelled", "the volunteer has stopped");
        return cage && !cage.closed ? cage : Cage.open(this.#address, this.#clock);
      });
    return this.#cage;
  }

  /** @param {boolean} gpu @param {number | undefined} memoryMb */
  async explore(gpu, memoryMb) {
    const computer = this.computer();
    const unit = { job: "", source: EXPLORE, variable: "{}", context: null, gpu };
    try {
      const { result } = await computer.compute(unit, { milliseconds: PATIENCE_TO_EXPLORE });
      this.abilities = { can: JSON.parse(result), memoryMb: memoryMb ?? deviceMemoryMb() };
    } finally {
      computer.close();
    }
  }
}

/** Half of what the device has, as far as the browser tells. */
function deviceMemoryMb() {
  const { deviceMemory } = /** @type {Navigator & {deviceMemory?: number}} */ (navigator);
  return deviceMemory === undefined ? USUAL_MEMORY_MB : deviceMemory * 512;
}

/** @type {Clock | undefined} */
let clock;

export const platform = {
  /** One for the page, made when it is asked for. */
  get clock() {
    clock ??= new Clock();
    return clock;
  },

  /**
   * Calls back when the page is being left, for good or into the browser's memory of pages.
   * @param {() => void} callback
   * @returns {() => void} unsubscribes
   */
  onLeave(callback) {
    addEventListener("pagehide", callback);
    return () => removeEventListener("pagehide", callback);
  },

  /**
   * Opens the sandbox that a pool's root leads to. Rejects where it can't be had.
   * @param {Document} root
   * @param {{gpu?: boolean, memoryMb?: number, resultBytes?: number}} [options]
   */
  async open(root, { gpu = false, memoryMb, resultBytes = USUAL_RESULT_BYTES } = {}) {
    const computers = new BrowserComputers(root.link("sandbox"), this.clock, resultBytes);
    try {
      await computers.explore(gpu, memoryMb);
    } catch (ex) {
      computers.close();
      throw ex;
    }
    return computers;
  },
};
