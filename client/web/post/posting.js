// Posts a job and its variables. After a failure `run` goes on where it stopped: each request has a key by which the
// pool stores it once, also if only its response was lost, or if the tab was loaded again.

import { Document } from "../../js/lib/document.js";
import { PoolError } from "../../js/lib/errors.js";
import { randomId } from "../../js/lib/identity.js";
import { Transport } from "../../js/lib/transport.js";
import { Upload } from "../owning/upload.js";

/** @typedef {import("../owning/inputs.js").Inputs} Inputs */

/** In milliseconds: a batch of variables is validated before it is stored. */
const TIMEOUT = 60_000;

export class Posting {
  #root;
  /** @type {Upload | undefined} */
  #upload;
  /** The stored job. @type {Document | undefined} */
  job;
  /** The key that manages the job, where it was posted without one. */
  key = "";
  /** Why the operator looks at the job first; empty: it does not. */
  review = "";

  /**
   * @param {Document} root of the pool
   * @param {string} [id] for the keys of its requests: that of an attempt of which nothing else is known
   */
  constructor(root, id = randomId()) {
    this.#root = root;
    this.id = id;
  }

  get posted() {
    return this.#upload?.posted ?? 0;
  }

  /**
   * Rejects as `Transport.send` does; may be called again then.
   * @param {object} job @param {Inputs | null} inputs @param {string | undefined} key of the owner
   * @param {(posted: number) => void} onprogress
   */
  async run(job, inputs, key, onprogress) {
    this.job ??= await this.#postJob(job, this.#transport(key));
    onprogress(this.posted);
    // A job in review takes no variables yet.
    if (inputs === null || this.review) return;
    // The key of the job, which was not known before.
    const transport = this.#transport(this.key || key);
    this.#upload ??= new Upload(transport, this.job.link("post_variable"), inputs, this.id);
    await this.#upload.run(onprogress);
  }

  /** For other inputs, after the pool has refused one: what was posted of the former ones stays. */
  dropInputs() {
    this.#upload = undefined;
    this.id = randomId();
  }

  /** @param {object} job @param {Transport} transport */
  async #postJob(job, transport) {
    const options = { body: JSON.stringify(job), headers: { "Idempotency-Key": this.id } };
    const response = await transport.send("POST", this.#root.link("post_job"), options);
    if (response.document === undefined) throw response.error;
    const { key = "", review = "" } = response.document;
    [this.key, this.review] = [String(key), String(review)];
    return new Document(response.address, response.document);
  }

  /** @param {string | undefined} key */
  #transport(key) {
    return new Transport(this.#root.address, key ? { Authorization: `Bearer ${key}` } : {}, { timeout: TIMEOUT });
  }
}

/**
 * Where an error belongs: the path of a field, or "variable" with the line within what was sent; else empty.
 * @param {unknown} ex
 */
export function placeOf(ex) {
  const field = ex instanceof PoolError ? ex.field : "";
  const [, line] = /^line (\d+)/.exec(field) ?? [];
  return line === undefined ? { field, line: 0 } : { field: "variable", line: Number(line) };
}
