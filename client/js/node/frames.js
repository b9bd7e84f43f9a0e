// Frames between a computer and its child process: JSON documents, each led by its length in four bytes.

const LEAD = 4;

/** A document as a frame. @param {unknown} document */
export function pack(document) {
  const text = Buffer.from(JSON.stringify(document));
  const lead = Buffer.alloc(LEAD);
  lead.writeUInt32BE(text.length);
  return Buffer.concat([lead, text]);
}

/** Takes in what comes of frames, part by part. */
export class Unpacker {
  #longest;
  /** @type {Buffer[]} */
  #parts = [];
  #size = 0;

  /** @param {number} longest bytes that a document may have */
  constructor(longest) {
    this.#longest = longest;
  }

  /**
   * The document that a part completes, undefined where it completes none. Throws where that is no frame, or too long,
   * or goes on after its end: one document is asked for at a time.
   * @param {Buffer} part
   * @returns {unknown}
   */
  add(part) {
    this.#parts.push(part);
    this.#size += part.length;
    if (this.#size < LEAD) return undefined;
    const end = LEAD + this.#lead();
    if (end > LEAD + this.#longest || this.#size > end) throw new Error("a frame that is too long");
    return this.#size === end ? this.#take() : undefined;
  }

  #lead() {
    if (/** @type {Buffer} */ (this.#parts[0]).length < LEAD) this.#parts = [Buffer.concat(this.#parts)];
    return this.#parts[0].readUInt32BE();
  }

  #take() {
    const frame = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#size = 0;
    return JSON.parse(frame.toString("utf8", LEAD));
  }
}
