// The parent's side of a child process. A job may have taken the child over, so its responses are validated.
import { spawn } from "node:child_process";
import process from "node:process";
import { JobError, messageOf } from "../lib/errors.js";
import { MAX_CONSOLE, MAX_PRINTS } from "../lib/report.js";
import { pack, Unpacker } from "./frames.js";

/** @typedef {import("./command.js").Command} Command */
/** @typedef {import("node:stream").Readable} Readable */
/** @typedef {import("node:stream").Writable} Writable */
/** @typedef {{resolve: (response: any) => void, reject: (error: JobError) => void}} Pending */

/** How a process ends that has run out of memory: V8 aborts, or the kernel kills it. */
const OUT_OF_MEMORY = ["SIGTRAP", "SIGABRT", "SIGILL", "SIGSEGV", "SIGKILL"];

export class Child {
  #process;
  #unpacker;
  /** @type {Pending | undefined} */
  #pending;
  #prints = 0;
  /** What the unit of the last request has printed. */
  printed = "";
  hasEnded = false;

  /** @param {Command} command @param {number} maxResponse in bytes */
  constructor({ file, parameters }, maxResponse) {
    this.#unpacker = new Unpacker(maxResponse);
    this.#process = spawn(file, [...parameters, String(process.pid)], {
      cwd: "/",
      env: {},
      stdio: ["pipe", "ignore", "ignore", "pipe"],
      // In a process group of its own: a Ctrl-C at the terminal is for the parent, which gives the leases back.
      detached: process.platform !== "win32",
      windowsHide: true,
    });
    this.#process.on("error", (ex) => this.end(startError(ex)));
    this.#process.on("close", (code, signal) => this.end(exitError(code, signal)));
    // Broken pipes: the event "close" follows.
    this.#requests.on("error", () => {});
    this.#responses.on("error", () => {});
    this.#responses.on("data", (chunk) => this.#receive(chunk));
  }

  get pid() {
    return this.#process.pid;
  }

  get #requests() {
    return /** @type {Writable} */ (this.#process.stdin);
  }

  get #responses() {
    return /** @type {Readable} */ (this.#process.stdio[3]);
  }

  /**
   * Sends a request and returns the response; rejects with the JobError that ended the child. One request at a time.
   * @param {object} request
   * @returns {Promise<any>}
   */
  request(request) {
    this.#prints = 0;
    this.printed = "";
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      this.#requests.write(pack(request));
    });
  }

  /** Kills the child. @param {JobError} error rejects a pending request */
  end(error) {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.#process.kill("SIGKILL");
    this.#requests.destroy();
    this.#responses.destroy();
    this.#pending?.reject(error);
  }

  /** @param {Buffer} chunk */
  #receive(chunk) {
    if (this.hasEnded) return;
    try {
      const responses = [...this.#unpacker.add(chunk)].filter((document) => !this.#isPrint(document));
      if (responses.length > 0) this.#resolve(responses);
    } catch {
      this.end(new JobError("misbehaved", "its process sent an invalid response"));
    }
  }

  /** Whether a document is what the unit prints; keeps that. @param {any} document */
  #isPrint(document) {
    if (typeof document?.console !== "string") return false;
    this.printed += document.console;
    this.#prints += 1;
    if (this.#prints > MAX_PRINTS || this.printed.length > MAX_CONSOLE) throw new Error("it printed too much");
    return true;
  }

  /** @param {unknown[]} responses */
  #resolve([response, ...more]) {
    if (!this.#pending || more.length > 0) throw new Error("a response without a request");
    this.#pending.resolve(response);
    this.#pending = undefined;
  }
}

/** @param {unknown} ex */
export const startError = (ex) => new JobError("sandbox", `its process could not start: ${messageOf(ex)}`);

/** @param {number | null} code @param {NodeJS.Signals | null} signal */
function exitError(code, signal) {
  if (signal !== null && OUT_OF_MEMORY.includes(signal)) {
    return new JobError("memory", `its process ended by ${signal}, most likely for lack of memory`);
  }
  return new JobError("crash", `its process ended: ${signal ?? `exit status ${code}`}`);
}
