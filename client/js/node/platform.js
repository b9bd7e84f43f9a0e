// Computing in Node: what `volunteer` needs of the process that it runs in.
import { childCommand } from "./command.js";
import { NodeComputer } from "./computer.js";

/** @typedef {import("../lib/document.js").Document} Document */
/** @typedef {import("../lib/platform.js").Clock} Clock */
/** @typedef {import("../lib/platform.js").Computers} Computers */
/** @typedef {import("./command.js").Command} Command */

const USUAL_RESULT_BYTES = 1 << 20;
const USUAL_MEMORY_MB = 512;
/** The least in which QuickJS and a small job fit, and the most that it can address. */
const LEAST_MEMORY_MB = 16;
const MOST_MEMORY_MB = 2048;
const PATIENCE_TO_TRY = 30_000;
/** The longest time that a timer takes, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

const TRIAL = { job: "", source: "() => ({ result: 1 })", variable: "{}", context: null, gpu: false };

/** @type {Clock} */
const clock = {
  now: () => performance.now(),

  after(milliseconds, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(milliseconds, 0), LONGEST));
    return () => clearTimeout(timer);
  },
};

/** The child processes of one volunteer. @implements {Computers} */
class NodeComputers {
  #command;
  #resultBytes;
  /** @type {Set<NodeComputer>} */
  #computers = new Set();

  /** @param {Command} command @param {number} memoryMb @param {number} resultBytes */
  constructor(command, memoryMb, resultBytes) {
    this.#command = command;
    this.#resultBytes = resultBytes;
    // QuickJS has neither WebAssembly nor a graphics card.
    this.abilities = { can: /** @type {string[]} */ ([]), memoryMb };
  }

  /** What stands between a child and the computer, beside QuickJS in WebAssembly. */
  get walls() {
    return this.#command.walls;
  }

  computer() {
    const computer = new NodeComputer(this.#command, clock, this.#resultBytes);
    this.#computers.add(computer);
    return computer;
  }

  /** Ends all that computes, at once. */
  close() {
    for (const computer of this.#computers) computer.close();
  }

  /** Fails where no child can be had. */
  async try() {
    const computer = this.computer();
    try {
      await computer.compute(TRIAL, { milliseconds: PATIENCE_TO_TRY });
    } finally {
      computer.close();
      this.#computers.delete(computer);
    }
  }
}

export const platform = {
  clock,

  /**
   * A process is asked to end by signals, and what those mean is for the application to say: it stops its volunteer.
   * @param {() => unknown} _callback
   * @returns {() => void} unsubscribes
   */
  onLeave(_callback) {
    return () => {};
  },

  /**
   * Prepares child processes. Rejects where they don't work.
   * @param {Document} _root
   * @param {{gpu?: boolean, memoryMb?: number, resultBytes?: number}} [options]
   */
  async open(_root, { memoryMb = USUAL_MEMORY_MB, resultBytes = USUAL_RESULT_BYTES } = {}) {
    const memory = Math.min(Math.max(Math.floor(memoryMb), LEAST_MEMORY_MB), MOST_MEMORY_MB);
    const computers = new NodeComputers(await childCommand({ memoryMb: memory, resultBytes }), memory, resultBytes);
    await computers.try();
    return computers;
  },
};
