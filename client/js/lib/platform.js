// The seam between a volunteer and what isolates the code of jobs: a browser's sandbox, or child processes of Node.

/** @typedef {import("./document.js").Document} Document */
/** @typedef {import("./waiting.js").Clock} Clock */
/**
 * @typedef {object} Unit what is to be computed
 * @property {string} job its id
 * @property {string} source its `execute_function`
 * @property {string} variable JSON text
 * @property {string | null} context JSON text to begin with; null: the kept one goes on
 * @property {boolean} gpu whether the job may see `navigator.gpu`
 */
/**
 * @typedef {object} Computed
 * @property {string} result JSON text
 * @property {number} seconds how long the job's function ran
 */
/**
 * @typedef {object} Computer one isolated worker; keeps its context for consecutive units of one job and source
 * @property {(unit: Unit, limits: {milliseconds: number, signal?: AbortSignal}) => Promise<Computed>} compute
 *   rejects with JobError, and nothing else
 * @property {() => void} rest ends the worker, and the context in it, until the next unit
 * @property {() => void} close
 */
/**
 * @typedef {object} Abilities what a job may require
 * @property {string[]} can such as `wasm`, `wasm_simd`, `webgpu`
 * @property {number} memoryMb
 */
/**
 * @typedef {object} Computers the workers of one volunteer
 * @property {Abilities} abilities
 * @property {() => Computer} computer makes one
 * @property {() => void} close ends all of them at once
 */
/**
 * @typedef {object} PlatformOptions
 * @property {boolean} [gpu] whether the volunteer allows WebGPU
 * @property {number} [memoryMb] how much a job may take
 * @property {number} [resultBytes] how large a result may be
 */
/**
 * @typedef {object} Platform
 * @property {Clock} clock that goes on in a background tab
 * @property {(callback: () => unknown) => () => void} onLeave calls back when the page or process is about to end;
 *   returns what unsubscribes
 * @property {(root: Document, options: PlatformOptions) => Promise<Computers>} open
 */

const isNode = () => typeof process === "object" && Boolean(process.versions?.node) && typeof document === "undefined";

/**
 * The platform that this runs on.
 * @returns {Promise<Platform>}
 */
export async function platformHere() {
  const module = isNode() ? await import("../node/platform.js") : await import("../browser/platform.js");
  return module.platform;
}
