// The platform of Node: executors in child processes.
import process from "node:process";
import { systemClock } from "../lib/timers.js";
import { childCommand } from "./command.js";
import { NodeExecutor } from "./executor.js";

/** @typedef {import("../lib/document.js").Document} Document */
/** @typedef {import("../lib/platform.js").Executors} Executors */
/** @typedef {import("./command.js").Command} Command */

const DEFAULT_RESULT_BYTES = 1 << 20;
const DEFAULT_MEMORY_MB = 512;
/** QuickJS and a small job need the minimum; the maximum is what QuickJS can address. */
const MIN_MEMORY_MB = 16;
const MAX_MEMORY_MB = 2048;
const TRIAL_TIMEOUT = 30_000;

const TRIAL = { job: "", source: "() => ({ result: 1 })", variable: "{}", context: null, gpu: false };

/** The child processes of one volunteer. @implements {Executors} */
class NodeExecutors {
  #command;
  #resultBytes;
  /** @type {Set<NodeExecutor>} */
  #executors = new Set();

  /** @param {Command} command @param {number} memoryMb @param {number} resultBytes */
  constructor(command, memoryMb, resultBytes) {
    this.#command = command;
    this.#resultBytes = resultBytes;
    // QuickJS has neither WebAssembly nor WebGPU, and not all syntax of browsers.
    this.capabilities = { can: /** @type {string[]} */ ([]), memoryMb };
    this.engine = `QuickJS in Node ${process.versions.node}`;
  }

  /** The isolation layers around a child, besides QuickJS in WebAssembly. */
  get layers() {
    return this.#command.layers;
  }

  create() {
    const executor = new NodeExecutor(this.#command, systemClock, this.#resultBytes);
    this.#executors.add(executor);
    return executor;
  }

  close() {
    for (const executor of this.#executors) executor.close();
  }

  /** Computes a trivial unit; rejects if child processes do not work here. */
  async runTrial() {
    const executor = this.create();
    try {
      await executor.compute(TRIAL, { timeout: TRIAL_TIMEOUT });
    } finally {
      executor.close();
      this.#executors.delete(executor);
    }
  }
}

export const platform = {
  clock: systemClock,

  /**
   * Never calls back: a process ends by signals, which belong to the application.
   * @param {() => unknown} _callback
   * @returns {() => void} unsubscribes
   */
  onExit(_callback) {
    return () => {};
  },

  /**
   * Rejects if child processes do not work here.
   * @param {Document} _root
   * @param {{gpu?: boolean, memoryMb?: number, resultBytes?: number}} [options]
   */
  async open(_root, { memoryMb = DEFAULT_MEMORY_MB, resultBytes = DEFAULT_RESULT_BYTES } = {}) {
    const memory = Math.min(Math.max(Math.floor(memoryMb), MIN_MEMORY_MB), MAX_MEMORY_MB);
    const executors = new NodeExecutors(await childCommand({ memoryMb: memory, resultBytes }), memory, resultBytes);
    await executors.runTrial();
    return executors;
  },
};
