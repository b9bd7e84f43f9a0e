// The interface between a volunteer and the isolation of jobs: a sandbox frame in browsers, child processes in Node.

/** @typedef {import("./document.js").Document} Document */
/** @typedef {import("./timers.js").Clock} Clock */
/**
 * @typedef {object} Unit one computation
 * @property {string} job its id
 * @property {string} source its `execute_function`
 * @property {string} variable JSON text
 * @property {string | null} context the starting context as JSON text; null: the job's context continues
 * @property {boolean} [lossy] whether the result may lose what JSON can't represent
 * @property {number} [seed] of its random numbers; without one any
 * @property {boolean} gpu whether the job may use `navigator.gpu`
 */
/**
 * @typedef {object} Computed
 * @property {string} result JSON text
 * @property {number} seconds run time of the job's function
 * @property {string} [console] what it printed
 */
/**
 * @typedef {object} ComputeOptions
 * @property {number} timeout in milliseconds
 * @property {AbortSignal} [signal]
 * @property {readonly Unit[]} [following] it may begin each of them as soon as the one before has a result; calls with
 *   these very objects come next
 */
/**
 * @typedef {object} Executor one isolated worker; keeps a context for consecutive units of one job and source
 * @property {(unit: Unit, options: ComputeOptions) => Promise<Computed>} compute rejects with JobError only
 * @property {boolean} [isAhead] whether it has begun the first of `following`
 * @property {() => void} [withdraw] no call with those in `following` comes; without this method they are ignored
 * @property {() => void} reset ends the isolated worker and its context; the next unit starts a new one
 * @property {(milliseconds: number) => void} [freeze] nothing of the job runs for so long; at the next unit's beginning it
 *   runs again
 * @property {() => number} [takeUsed] milliseconds of processor time used since the last call, at most; without it the
 *   run times count
 * @property {() => void} close
 */
/**
 * @typedef {object} Capabilities what jobs may require
 * @property {string[]} can such as `wasm`, `wasm_simd`, `webgpu`, `browser_syntax`
 * @property {number} memoryMb
 */
/**
 * @typedef {object} Executors the isolated workers of one volunteer
 * @property {Capabilities} capabilities
 * @property {string} engine that runs the jobs: name and version, for reports; may be empty
 * @property {number} [unitOverhead] milliseconds of processor time that a unit takes beside its executor
 * @property {number} [requestOverhead] those that a request for leases, or with results, takes
 * @property {() => Executor} create
 * @property {() => void} close ends all of them at once
 */
/**
 * @typedef {object} PlatformOptions
 * @property {boolean} [gpu] whether the volunteer allows WebGPU
 * @property {number} [memoryMb] limit for one job
 * @property {number} [resultBytes] limit for one result
 */
/**
 * @typedef {object} Platform
 * @property {Clock} clock not throttled in a background tab
 * @property {(callback: () => unknown) => () => void} onExit calls back when the page is about to end; returns a
 *   function that unsubscribes
 * @property {(root: Document, options: PlatformOptions) => Promise<Executors>} open
 */

const isNode = () => typeof process === "object" && Boolean(process.versions?.node) && typeof document === "undefined";

/**
 * Imports the platform's module when it is needed, so that browsers never load Node's.
 * @returns {Promise<Platform>}
 */
export async function detectPlatform() {
  const module = isNode() ? await import("../node/platform.js") : await import("../browser/platform.js");
  return module.platform;
}
