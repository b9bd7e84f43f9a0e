// A session of a volunteer, from start to stop: the pool's root has been read, and the platform is open.
import { Backoff } from "./backoff.js";
import { sendBeacons } from "./beacons.js";
import { Client } from "./client.js";
import { exclusionOf, messageOf } from "./errors.js";
import { detectPlatform } from "./platform.js";
import { eventKind, isTemporary, isUnavailable, retryAfterOf } from "./retry-policy.js";
import { delay, sleep } from "./timers.js";
import { WorkerContext } from "./worker-context.js";

/** @typedef {import("./platform.js").Platform} Platform */
/** @typedef {import("./settings.js").Settings} Settings */
/** @typedef {import("./status.js").Status} Status */
/** @typedef {import("./timers.js").Clock} Clock */
/**
 * @typedef {object} SessionOptions
 * @property {string} [volunteer] the id by which the pool recognises it
 * @property {string} [key] an owner's
 * @property {boolean} [retryForeign] whether to wait at the start too while the responses are not a pool's: the address
 *   is known to be right, as it is on the pool's own pages
 * @property {Platform} [platform] these three are for tests
 * @property {Client} [client]
 * @property {Clock} [clock]
 */

/** The address is no pool's, or the pool refuses this volunteer. */
export class PoolRefused extends Error {}

export class Session {
  #unsubscribe;

  /** @param {WorkerContext} context @param {Platform} platform */
  constructor(context, platform) {
    this.context = context;
    /** Called when the page is about to end. */
    this.onexit = () => {};
    this.#unsubscribe = platform.onExit(() => this.onexit());
  }

  /**
   * Waits for a pool that can't be reached. Throws PoolRefused, Outdated, Blocked, or the platform's error.
   * @param {string} root
   * @param {SessionOptions} options
   * @param {Settings} settings
   * @param {Status} status
   * @param {{signal: AbortSignal, onretry: () => void}} control `onretry`: called when the pool can't be reached
   */
  static async open(root, options, settings, status, control) {
    const platform = options.platform ?? (await detectPlatform());
    const clock = options.clock ?? platform.clock;
    const client = options.client ?? createClient(root, options, clock);
    const isRetried = options.retryForeign ? isTemporary : isUnavailable;
    const document = await readRoot(client, clock, status, { ...control, isRetried });
    const { gpu, memoryMb } = settings;
    const executors = await platform.open(document, { gpu, memoryMb });
    return new Session(new WorkerContext(client, clock, executors, settings, status), platform);
  }

  close() {
    this.#unsubscribe();
    this.context.executors.close();
  }

  /** Posts what is computed and gives other leases back, by requests that outlive the page. */
  async sendBeacons() {
    await sendBeacons(this.context.active);
  }
}

/**
 * A client without retries: the worker loop and the upload have their own, with unlimited attempts.
 * @param {string} root @param {SessionOptions} options @param {Clock} clock
 */
function createClient(root, { key, volunteer }, clock) {
  const wait = (/** @type {number} */ ms, /** @type {AbortSignal | undefined} */ signal) => sleep(ms, signal, clock);
  return new Client(root, { key, volunteer, retries: { attempts: 1 }, sleep: wait, now: () => clock.now() });
}

/**
 * @param {Client} client @param {Clock} clock @param {Status} status
 * @param {{signal: AbortSignal, onretry: () => void, isRetried: (ex: unknown) => boolean}} control
 */
async function readRoot(client, clock, status, { signal, onretry, isRetried }) {
  for (const backoff = new Backoff(); ; ) {
    try {
      return await client.root({ signal });
    } catch (ex) {
      if (exclusionOf(ex)) throw ex;
      if (!isRetried(ex)) throw new PoolRefused(messageOf(ex), { cause: ex });
      const seconds = backoff.next(retryAfterOf(ex));
      const kind = eventKind(ex, backoff.failures, seconds);
      if (kind) status.addError({ kind, message: messageOf(ex) });
      onretry();
      await delay(clock, seconds * 1000, signal);
      signal.throwIfAborted();
    }
  }
}
