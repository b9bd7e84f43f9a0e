// HTTP responses of a pool, read within limits on size and time, since a pool may be hostile too.
import { PoolError, Unreachable } from "./errors.js";

/** @typedef {import("./timers.js").Watchdog} Watchdog */

const MAX_BYTES = 32 * 2 ** 20;
const MAX_MILLISECONDS = 120_000;
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** A response with its whole body. Named apart from `Response`, which is the platform's. */
export class PoolResponse {
  #text;

  /** @param {string} address @param {Response} response @param {string} text */
  constructor(address, response, text) {
    this.address = address;
    this.status = response.status;
    this.headers = response.headers;
    this.#text = text;
  }

  /**
   * Reads the body to its end. Throws PoolError when it is too large, Unreachable when it is too slow.
   * @param {string} address
   * @param {Response} response
   * @param {Watchdog} watchdog restarted with each chunk
   */
  static async read(address, response, watchdog) {
    return new PoolResponse(address, response, await readText(response, watchdog));
  }

  /**
   * The parsed body. Throws PoolError when it is not JSON.
   * @returns {any}
   */
  json() {
    try {
      return JSON.parse(this.#text);
    } catch {
      throw new PoolError(this.status, "the response is not JSON", this.address);
    }
  }

  get hasBody() {
    return this.#text.length > 0;
  }

  /** The header Retry-After in seconds, or null. */
  get retryAfter() {
    return parseRetryAfter(this.headers);
  }

  /** The response as an error. */
  get error() {
    return PoolError.of(this.status, this.#problem(), this.retryAfter);
  }

  #problem() {
    try {
      return JSON.parse(this.#text);
    } catch {
      return undefined;
    }
  }
}

/**
 * Parses the header Retry-After: a number of seconds, or a date.
 * @param {Headers} headers
 * @returns {number | null} seconds
 */
export function parseRetryAfter(headers) {
  const text = headers.get("Retry-After")?.trim() ?? "";
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  // Relative to the server's clock (header Date): the client's may be wrong by hours.
  const seconds = (parseDate(text) - (parseDate(headers.get("Date") ?? "") || Date.now())) / 1000;
  return Number.isNaN(seconds) ? null : Math.max(0, seconds);
}

/** NaN unless the text is a date as in HTTP: `Date.parse` takes "-5" for one too. @param {string} text */
const parseDate = (text) => (HTTP_DATE.test(text) ? Date.parse(text) : NaN);

/** @param {Response} response @param {Watchdog} watchdog */
async function readText(response, watchdog) {
  if (!response.body) return "";
  // The watchdog alone would wait for ever for a body that trickles.
  const deadline = performance.now() + MAX_MILLISECONDS;
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    watchdog.restart();
    bytes += value.length;
    if (bytes > MAX_BYTES) throw new PoolError(response.status, `the response is larger than ${MAX_BYTES} bytes`);
    if (performance.now() > deadline) throw new Unreachable("the response took too long");
    text += decoder.decode(value, { stream: true });
  }
}
