// The volunteer's own record at the pool: requests that nobody else can make, since they need its id.

import { FETCH_OPTIONS } from "../poller.js";

/**
 * @typedef {{units: number, run_seconds: number, place: number | null}} Credit
 * @typedef {object} Record
 * @property {string | null} name
 * @property {string | null} team
 * @property {boolean} shown
 * @property {string | null} removed why the operator has removed a name
 * @property {{day: Credit, week: Credit, all: Credit}} credit
 * @property {{leaderboard: string, post_code: string, post_join: string, self: string}} _links
 */

const TIMEOUT = 30_000;

/** The pool has refused a request, and says why. */
export class Refusal extends Error {
  /** @param {number} status @param {string} detail */
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

export class Account {
  #root;
  #volunteer;
  /** @type {string | null} */
  #address = null;
  /** @type {Promise<Record> | null} */
  #record = null;

  /** @param {string} root the pool's address @param {() => string | undefined} volunteer the id, once there is one */
  constructor(root, volunteer) {
    this.#root = root;
    this.#volunteer = volunteer;
  }

  /** @returns {Promise<Record>} */
  async load() {
    return (this.#record = this.#load());
  }

  /** @param {{name?: string | null, team?: string | null, shown?: boolean}} fields @returns {Promise<Record>} */
  async change(fields) {
    return this.#send("PATCH", await this.#link("self"), fields);
  }

  /** @param {string} volunteer whose record is deleted */
  async delete(volunteer) {
    await this.#send("DELETE", await this.#link("self"), undefined, volunteer);
  }

  /** A code for another device. @returns {Promise<{code: string, expires: string}>} */
  async makeCode() {
    return this.#send("POST", await this.#link("post_code"), {});
  }

  /** The id of the volunteer whose code this is. @param {string} code @returns {Promise<string>} */
  async join(code) {
    return (await this.#send("POST", await this.#link("post_join"), { code })).volunteer;
  }

  /** @param {keyof Record["_links"]} rel */
  async #link(rel) {
    return (await (this.#record ?? this.load()))._links[rel];
  }

  async #load() {
    this.#address ??= String((await this.#send("GET", this.#root))._links.volunteer);
    return this.#send("GET", this.#address);
  }

  /**
   * @param {string} method @param {string} address @param {object} [body]
   * @returns {Promise<any>} the response's document
   */
  async #send(method, address, body, volunteer = this.#volunteer()) {
    const headers = {
      Accept: "application/json",
      ...(body && { "Content-Type": "application/json" }),
      ...(volunteer && { Volunteer: volunteer }),
    };
    const signal = AbortSignal.timeout(TIMEOUT);
    const options = { ...FETCH_OPTIONS, method, headers, signal, ...(body && { body: JSON.stringify(body) }) };
    const response = await fetch(new URL(address, this.#root), options);
    if (response.status === 204) return {};
    const document = await response.json();
    if (!response.ok) throw new Refusal(response.status, String(document.detail ?? response.status));
    return document;
  }
}
