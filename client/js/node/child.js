// A child process that computes, seen from its parent. What it says is not believed before it has been looked at.
import { spawn } from "node:child_process";
import process from "node:process";
import { JobError, messageOf } from "../lib/errors.js";
import { pack, Unpacker } from "./frames.js";

/** @typedef {import("./command.js").Command} Command */
/** @typedef {import("node:stream").Readable} Readable */
/** @typedef {import("node:stream").Writable} Writable */
/** @typedef {{resolve: (answer: any) => void, reject: (error: JobError) => void}} Waiting */

/** The ends of a process that has found no memory. */
const FATAL = ["SIGTRAP", "SIGABRT", "SIGILL", "SIGSEGV", "SIGKILL"];

export class Child {
  #process;
  #unpacker;
  /** @type {Waiting | undefined} */
  #waiting;
  isOver = false;

  /** @param {Command} command @param {number} longest answer, in bytes */
  constructor({ file, parameters }, longest) {
    this.#unpacker = new Unpacker(longest);
    this.#process = spawn(file, [...parameters, String(process.pid)], {
      cwd: "/",
      env: {},
      stdio: ["pipe", "ignore", "ignore", "pipe"],
      // A Ctrl-C at the terminal is for the parent, which decides what becomes of the unit.
      detached: process.platform !== "win32",
      windowsHide: true,
    });
    this.#process.on("error", (ex) => this.end(unstarted(ex)));
    this.#process.on("close", (code, signal) => this.end(ending(code, signal)));
    // That it reads no more is told by its end.
    this.#units.on("error", () => {});
    this.#answers.on("error", () => {});
    this.#answers.on("data", (part) => this.#receive(part));
  }

  get pid() {
    return this.#process.pid;
  }

  get #units() {
    return /** @type {Writable} */ (this.#process.stdin);
  }

  get #answers() {
    return /** @type {Readable} */ (this.#process.stdio[3]);
  }

  /**
   * Has it answer a request; rejects with the JobError by which it ended instead.
   * @param {object} request
   * @returns {Promise<any>}
   */
  ask(request) {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#units.write(pack(request));
    });
  }

  /** Ends it at once. @param {JobError} error what whoever waits for its answer is told */
  end(error) {
    if (this.isOver) return;
    this.isOver = true;
    this.#process.kill("SIGKILL");
    this.#units.destroy();
    this.#answers.destroy();
    this.#waiting?.reject(error);
  }

  /** @param {Buffer} part */
  #receive(part) {
    if (this.isOver) return;
    try {
      const answer = this.#unpacker.add(part);
      if (answer !== undefined) this.#settle(answer);
    } catch {
      this.end(new JobError("misbehaved", "its process sent what is no answer"));
    }
  }

  /** @param {unknown} answer */
  #settle(answer) {
    if (!this.#waiting) throw new Error("an answer to nothing");
    this.#waiting.resolve(answer);
    this.#waiting = undefined;
  }
}

/** @param {unknown} ex */
export const unstarted = (ex) => new JobError("crash", `its process could not be started: ${messageOf(ex)}`);

/** @param {number | null} code @param {NodeJS.Signals | null} signal */
function ending(code, signal) {
  if (signal !== null && FATAL.includes(signal)) {
    return new JobError("memory", `its process ended by ${signal}, most likely for want of memory`);
  }
  return new JobError("crash", `its process ended: ${signal ?? `exit status ${code}`}`);
}
