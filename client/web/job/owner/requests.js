// Requests of the owner about one job: with the key, to this pool alone.

import { Document } from "../../../js/lib/document.js";
import { Transport } from "../../../js/lib/transport.js";

/** In milliseconds. */
const TIMEOUT = 60_000;

export class OwnerRequests {
  #transport;
  #address;

  /** @param {string} root of the pool @param {string} address of the job @param {Record<string, string>} headers with the key */
  constructor(root, address, headers) {
    this.#transport = new Transport(root, headers, { timeout: TIMEOUT, retries: { attempts: 2 } });
    this.#address = address;
  }

  get transport() {
    return this.#transport;
  }

  /** As the owner sees it. All reject as `Transport.send` does. */
  async job() {
    const response = await this.#transport.send("GET", this.#address);
    return new Document(response.address, response.document ?? {}, response.headers);
  }

  /** @param {object} patch @param {Document} [job] what it was made of: refused if that has changed */
  async patch(patch, job) {
    const etag = job?.headers.get("ETag");
    const headers = etag ? { "If-Match": etag } : undefined;
    await this.#transport.send("PATCH", this.#address, { body: JSON.stringify(patch), headers });
  }

  delete() {
    return this.#transport.send("DELETE", this.#address);
  }

  /** @param {string} address of a variable */
  release(address) {
    return this.#transport.send("PATCH", address, { body: JSON.stringify({ state: "open" }) });
  }

  /** @param {string} address of a variable */
  withdraw(address) {
    return this.#transport.send("DELETE", address);
  }
}
