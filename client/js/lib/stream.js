// The stream of a job: pages that wait for results, followed to their end through outages of the pool.
import { Backoff, retryAfterDelay } from "./backoff.js";
import { parseRetryAfter } from "./response.js";
import { isTemporary, retryAfterOf } from "./retry-policy.js";

/** @typedef {import("./document.js").Document} Document */
/**
 * @typedef {object} StreamOptions
 * @property {"accepted" | "input"} [order] `input`: that in which the variables were posted
 * @property {boolean} [errors] whether variables without a result are entries too
 * @property {string} [cursor] of the entry after which the stream continues
 * @property {(error: unknown, seconds: number) => void} [onOutage] called before each wait for a pool that is away
 */

/** The longest wait of one request: many proxies give a request up after 60 seconds. */
const WAIT_SECONDS = 25;
/** Of the timeout of a client: the response must begin before that. */
const WAIT_SHARE = 0.7;

/** How long a request may wait, in seconds. @param {number} timeout of the client, in milliseconds */
export const waitSeconds = (timeout) => Math.min(WAIT_SECONDS, (timeout / 1000) * WAIT_SHARE);

/**
 * The entries of a stream up to its end. A stuck variable is an entry once, until it is not stuck any more.
 * @param {(address: string) => Promise<Document>} get
 * @param {string} first address
 * @param {(seconds: number) => Promise<unknown>} sleep
 * @param {StreamOptions["onOutage"]} onOutage
 */
export async function* follow(get, first, sleep, onOutage) {
  /** @type {Set<string>} */
  let stuck = new Set();
  for (let address = first; ; ) {
    const page = await pageOf(() => get(address), sleep, onOutage);
    const entries = page.items();
    const wasStuck = stuck;
    stuck = new Set(entries.filter(({ content }) => content.state === "stuck").map(variableOf));
    for (const entry of entries) {
      if (!(stuck.has(variableOf(entry)) && wasStuck.has(variableOf(entry)))) yield entry;
    }
    // No place to wait at the pool.
    const retryAfter = parseRetryAfter(page.headers);
    if (retryAfter !== null) await sleep(retryAfterDelay(retryAfter));
    if (!page.has("next")) return;
    address = page.link("next");
  }
}

/** @param {Document} entry */
const variableOf = (entry) => entry.link("get_variable");

/** @param {() => Promise<Document>} get @param {(seconds: number) => Promise<unknown>} sleep @param {StreamOptions["onOutage"]} onOutage */
async function pageOf(get, sleep, onOutage) {
  for (const backoff = new Backoff(); ; ) {
    try {
      return await get();
    } catch (ex) {
      if (!isTemporary(ex, backoff.failures)) throw ex;
      const seconds = backoff.next(retryAfterOf(ex));
      onOutage?.(ex, seconds);
      await sleep(seconds);
    }
  }
}
