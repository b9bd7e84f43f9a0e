// Posts a job's variables in batches. After a failure it goes on where it stopped, and a batch whose response was lost is
// repeated under the same key: the pool stores each variable once.

/** @typedef {import("./inputs.js").Inputs} Inputs */
/** @typedef {import("../../js/lib/transport.js").Transport} Transport */

/** A job's validator may need a second for so many, and the bar should move. */
const MAX_LINES = 1_000;
/** In characters, of at most 3 bytes each in UTF-8. */
const MAX_LENGTH = 1 << 20;

export class Upload {
  #transport;
  #address;
  #inputs;
  #id;
  posted = 0;

  /**
   * @param {Transport} transport @param {string} address the job's link `post_variable` @param {Inputs} inputs
   * @param {string} id of this upload, for idempotency keys
   */
  constructor(transport, address, inputs, id) {
    this.#transport = transport;
    this.#address = address;
    this.#inputs = inputs;
    this.#id = id;
  }

  get count() {
    return this.#inputs.count;
  }

  /**
   * Posts what is left. Rejects as `Transport.send` does; may be called again then.
   * @param {(posted: number) => void} onprogress @param {AbortSignal} [signal]
   */
  async run(onprogress, signal) {
    while (this.posted < this.count) {
      const { body, end } = this.#batch();
      const headers = { "Content-Type": "application/x-ndjson", "Idempotency-Key": `${this.#id}-${this.posted}` };
      await this.#transport.send("POST", this.#address, { body, headers, signal });
      this.posted = end;
      onprogress(end);
    }
  }

  #batch() {
    let body = "";
    let end = this.posted;
    while (end < this.count && end - this.posted < MAX_LINES && body.length < MAX_LENGTH) {
      body += `${this.#inputs.at(end)}\n`;
      end += 1;
    }
    return { body, end };
  }
}
