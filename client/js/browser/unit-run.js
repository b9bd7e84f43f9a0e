// A unit in a worker of the sandbox: what it has printed so far, and its response.

/** @typedef {import("../lib/errors.js").JobError} JobError */
/** @typedef {import("../lib/platform.js").Unit} Unit */
/** @typedef {import("./sandbox-frame.js").UnitResponse} UnitResponse */

export class UnitRun {
  printed = "";
  /** Whether its response is an error. */
  hasFailed = false;
  /** Cancels the wait for its beginning. */
  cancelStart = () => {};
  /** Called when the worker does not begin it in time. */
  onlate = () => {};
  /** @type {(response: UnitResponse) => void} */
  respond = () => {};
  /** The worker has ended. @type {(error: JobError) => void} */
  fail = () => {};
  /** @type {Promise<UnitResponse>} */
  response;

  /** @param {number} number by which page, relay and worker know it @param {Unit} unit */
  constructor(number, unit) {
    this.number = number;
    this.unit = unit;
    this.response = new Promise((resolve, reject) => {
      this.respond = resolve;
      this.fail = reject;
    });
    // Perhaps nobody waits for it.
    this.response.catch(() => {});
  }
}
