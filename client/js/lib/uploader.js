// Posts the results of one worker while it computes the next units: those of a batch together.
import { POLICY } from "./retry-policy.js";
import { Upload } from "./upload.js";

/** @typedef {import("./platform.js").Computed} Computed */
/** @typedef {import("./shutdown.js").Shutdown} Shutdown */
/** @typedef {import("./task.js").Task} Task */
/** @typedef {import("./timers.js").Clock} Clock */
/** @typedef {import("./upload.js").Item} Item */
/** @typedef {import("./upload.js").UploadListener} UploadListener */

/** One request at a time: otherwise results would pile up here while the pool is slow. */
export class Uploader {
  #clock;
  #shutdown;
  #listener;
  /** @type {Item[]} */
  #items = [];
  #bytes = 0;
  #isDue = false;
  #cancelTimer = () => {};
  /** @type {Promise<void> | undefined} */
  #posting;

  /** @param {Clock} clock @param {Shutdown} shutdown @param {UploadListener} listener */
  constructor(clock, shutdown, listener) {
    this.#clock = clock;
    this.#shutdown = shutdown;
    this.#listener = listener;
  }

  /** Resolves when the request at present has ended, with its retries. */
  async posted() {
    await this.#posting;
  }

  /** Whether the result of a task need not wait for the request at present. @param {Task} task */
  hasRoomFor({ isBatched }) {
    if (!this.#posting) return true;
    return isBatched && this.#items.length < POLICY.maxBatch && this.#bytes < POLICY.batchBytes;
  }

  /** Results of a batch wait for the others. @param {Task} task @param {Computed} computed */
  add(task, computed) {
    task.computed = computed;
    if (this.#items.length === 0) this.#startTimer();
    this.#items.push({ task, computed, since: this.#clock.now() });
    this.#bytes += task.bytesOf(computed);
    const isFull = this.#items.length >= POLICY.maxBatch || this.#bytes >= POLICY.batchBytes;
    if (isFull || !task.isBatched || this.#shutdown.draining.aborted) this.flush();
  }

  /** Posts what there is, now or after the request at present. */
  flush() {
    this.#isDue = this.#items.length > 0;
    this.#postNext();
  }

  /** Posts what there is; resolves when each result has its outcome. */
  async finish() {
    this.flush();
    while (this.#posting) await this.#posting;
  }

  #startTimer() {
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(POLICY.postDelay * 1000, () => this.flush());
  }

  #postNext() {
    if (!this.#isDue || this.#posting) return;
    const items = this.#take();
    this.#posting = new Upload(this.#clock, this.#shutdown, this.#listener).run(items).finally(() => {
      this.#posting = undefined;
      this.#postNext();
    });
  }

  /** The results of the next request. */
  #take() {
    const items = this.#items.splice(0, this.#count());
    this.#bytes = this.#items.reduce((bytes, { task, computed }) => bytes + task.bytesOf(computed), 0);
    this.#isDue = this.#items.length > 0;
    if (!this.#isDue) this.#cancelTimer();
    return items;
  }

  /** How many results fit into one request: of one job, and within the limits. */
  #count() {
    const [first] = this.#items;
    let bytes = 0;
    const end = this.#items.findIndex(({ task, computed }, index) => {
      bytes += task.bytesOf(computed);
      const isOther = !task.isBatched || task.job !== first.task.job;
      return index > 0 && (isOther || index === POLICY.maxBatch || bytes > POLICY.batchBytes);
    });
    return end === -1 ? this.#items.length : end;
  }
}
