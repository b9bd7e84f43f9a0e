// Frames between an executor and its child process: JSON documents with a length prefix of four bytes, big-endian.

const PREFIX = 4;

/** A document as a frame. @param {unknown} document */
export function pack(document) {
  const text = Buffer.from(JSON.stringify(document));
  const prefix = Buffer.alloc(PREFIX);
  prefix.writeUInt32BE(text.length);
  return Buffer.concat([prefix, text]);
}

/** Splits chunks of any size into frames. */
export class Unpacker {
  #maxLength;
  /** @type {Buffer[]} */
  #chunks = [];
  #size = 0;

  /** @param {number} maxLength of a document, in bytes */
  constructor(maxLength) {
    this.#maxLength = maxLength;
  }

  /**
   * The documents that a chunk completes. Throws for invalid JSON, and for a document beyond the limit.
   * @param {Buffer} chunk
   * @returns {Generator<unknown>}
   */
  *add(chunk) {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    while (this.#size >= PREFIX && this.#size >= PREFIX + this.#length()) yield this.#decode();
  }

  #length() {
    if (/** @type {Buffer} */ (this.#chunks[0]).length < PREFIX) this.#chunks = [Buffer.concat(this.#chunks)];
    const length = this.#chunks[0].readUInt32BE();
    if (length > this.#maxLength) throw new Error("the frame is too long");
    return length;
  }

  #decode() {
    const end = PREFIX + this.#length();
    const bytes = Buffer.concat(this.#chunks);
    this.#chunks = [bytes.subarray(end)];
    this.#size -= end;
    return JSON.parse(bytes.toString("utf8", PREFIX, end));
  }
}
