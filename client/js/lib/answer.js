// What a pool answered, read within limits: a pool may be hostile, too.
import { PoolError, Unreachable } from "./errors.js";

/** @typedef {import("./waiting.js").Watchdog} Watchdog */

const LARGEST_BYTES = 32 * 2 ** 20;
const LONGEST_MILLISECONDS = 120_000;

/** An answer, read to its end. */
export class Answer {
  #text;

  /** @param {string} address @param {Response} response @param {string} text */
  constructor(address, response, text) {
    this.address = address;
    this.status = response.status;
    this.headers = response.headers;
    this.#text = text;
  }

  /**
   * Reads a response to its end.
   * @param {string} address
   * @param {Response} response
   * @param {Watchdog} watchdog
   */
  static async read(address, response, watchdog) {
    return new Answer(address, response, await textOf(response, watchdog));
  }

  /**
   * The parsed body. Throws PoolError where it isn't JSON.
   * @returns {any}
   */
  json() {
    try {
      return JSON.parse(this.#text);
    } catch {
      throw new PoolError(this.status, "the answer is not JSON", this.address);
    }
  }

  /** Whether there is a body at all. */
  get hasBody() {
    return this.#text.length > 0;
  }

  /** Seconds to wait before asking again, where the pool said so. */
  get retryAfter() {
    return retryAfter(this.headers);
  }

  /** The answer as an error. */
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
 * Reads the header Retry-After: a number of seconds, or a date.
 * @param {Headers} headers
 * @returns {number | null} seconds
 */
export function retryAfter(headers) {
  const text = headers.get("Retry-After")?.trim() ?? "";
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  // Counted by the clock of whoever wrote the date, where it is to be had.
  const now = Date.parse(headers.get("Date") ?? "") || Date.now();
  const seconds = (Date.parse(text) - now) / 1000;
  return Number.isNaN(seconds) ? null : Math.max(0, seconds);
}

/** @param {Response} response @param {Watchdog} watchdog */
async function textOf(response, watchdog) {
  if (!response.body) return "";
  const ends = performance.now() + LONGEST_MILLISECONDS;
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    watchdog.restart();
    bytes += value.length;
    if (bytes > LARGEST_BYTES) throw new PoolError(response.status, `the answer is larger than ${LARGEST_BYTES} bytes`);
    if (performance.now() > ends) throw new Unreachable("the answer took too long");
    text += decoder.decode(value, { stream: true });
  }
}
