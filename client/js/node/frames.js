// Frames between an executor and its child process: JSON documents with a length prefix of four bytes, big-endian.

const PREFIX = 4;

/** A document as a frame. @param {unknown} document */
export function pack(document) {
  const text = Buffer.from(JSON.stringify(document));
  const prefix = Buffer.alloc(PREFIX);
  prefix.writeUInt32BE(text.length);
  return Buffer.concat([prefix, text]);
}

/** Assembles frames from chunks of any size. */
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
   * The document that a chunk completes, else undefined. Throws for invalid JSON, a document beyond the limit, and
   * bytes after the frame's end: with one request at a time a second frame is a protocol violation.
   * @param {Buffer} chunk
   * @returns {unknown}
   */
  add(chunk) {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size < PREFIX) return undefined;
    const length = this.#length();
    if (length > this.#maxLength || this.#size > PREFIX + length) throw new Error("the frame is too long");
    return this.#size === PREFIX + length ? this.#decode() : undefined;
  }

  #length() {
    if (/** @type {Buffer} */ (this.#chunks[0]).length < PREFIX) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0].readUInt32BE();
  }

  #decode() {
    const frame = Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#size = 0;
    return JSON.parse(frame.toString("utf8", PREFIX));
  }
}
