// HTTP responses of a pool, read within limits on size and time, since a pool may be hostile too.
import { ForeignResponse, PoolError, Unreachable } from "./errors.js";
import { abortable } from "./timers.js";

/** @typedef {import("./timers.js").Watchdog} Watchdog */

const PROBLEM = "application/problem+json";
const REDIRECTS = [301, 302, 303, 307, 308];
const MAX_BYTES = 32 * 2 ** 20;
const MAX_MILLISECONDS = 120_000;
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** A response with its whole body. Named apart from `Response`, which is the platform's. */
export class PoolResponse {
  #document;
  #isRedirect;

  /** @param {string} address @param {Response} response @param {string} text */
  constructor(address, response, text) {
    this.address = address;
    this.status = response.status;
    this.headers = response.headers;
    // A browser hides the status of a redirect, which is then 0, and its target.
    this.#isRedirect = response.type === "opaqueredirect" || REDIRECTS.includes(response.status);
    this.#document = parsedObject(text);
  }

  /**
   * Reads the body to its end. Throws ForeignResponse when it is too large, Unreachable when it is too slow.
   * @param {string} address
   * @param {Response} response
   * @param {Watchdog} watchdog restarted with each chunk
   */
  static async read(address, response, watchdog) {
    return new PoolResponse(address, response, await readText(response, watchdog));
  }

  /** The body, a JSON object; undefined if it is none. */
  get document() {
    return this.#document;
  }

  /** Whether the pool has stored what was posted: a proxy's response to anything is `200 text/html`. */
  get hasStored() {
    return this.status === 201 && Boolean(this.headers.get("Location"));
  }

  /** Whether the pool itself has sent this: a document, an acknowledgement, or as an error a problem document. */
  get isOfPool() {
    if (this.#isRedirect) return false;
    if (this.status >= 300) return this.#mediaType === PROBLEM && this.#document !== undefined;
    return this.status === 204 || this.hasStored || this.#document !== undefined;
  }

  get #mediaType() {
    return (this.headers.get("Content-Type") ?? "").split(";")[0].trim().toLowerCase();
  }

  /** The header Retry-After in seconds, or null. */
  get retryAfter() {
    return parseRetryAfter(this.headers);
  }

  /** The response as an error. */
  get error() {
    if (this.status >= 300 && this.isOfPool) return PoolError.of(this.status, this.#document, this.retryAfter);
    const reason = this.#isRedirect ? "a redirect" : this.#mediaType || "without a Content-Type";
    return new ForeignResponse(this.status, reason, this.retryAfter);
  }
}

/** @param {string} text @returns {Record<string, any> | undefined} */
function parsedObject(text) {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === "object" && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
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
    // Node 20 neither ends nor aborts a body whose compression is broken.
    const { done, value } = await abortable(reader.read(), watchdog.signal, () => new Unreachable("aborted"));
    if (done) return text + decoder.decode();
    watchdog.restart();
    bytes += value.length;
    if (bytes > MAX_BYTES) throw new ForeignResponse(response.status, `larger than ${MAX_BYTES} bytes`);
    if (performance.now() > deadline) throw new Unreachable("the response took too long");
    text += decoder.decode(value, { stream: true });
  }
}
