// The variables whose results this browser has computed, so that they can be shown in a job's picture: in localStorage,
// bounded, and deleted with the visitor's consent. They are added only while it computes, and so after consent.

const SAVE_INTERVAL = 2000;
const MAX_JOBS = 30;
/** Of one job; the first are dropped. */
const MAX_VARIABLES = 500;
/** Of the stored text, in characters. */
const MAX_SIZE = 100_000;

export class OwnVariables {
  #key;
  /** By job, the latest last. @type {Map<string, Set<string>>} */
  #jobs;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {string} key in localStorage */
  constructor(key) {
    this.#key = key;
    this.#jobs = this.#read();
    addEventListener("pagehide", () => this.#save());
    addEventListener("storage", (event) => {
      if (event.key === key || event.key === null) this.#reload();
    });
  }

  /** @param {string} job @param {string} variable */
  add(job, variable) {
    const variables = this.#jobs.get(job) ?? new Set();
    variables.delete(variable);
    variables.add(variable);
    if (variables.size > MAX_VARIABLES) variables.delete(/** @type {string} */ (variables.values().next().value));
    this.#jobs.delete(job);
    this.#jobs.set(job, variables);
    if (this.#jobs.size > MAX_JOBS) this.#dropFirst();
    this.#timer ??= setTimeout(() => this.#save(), SAVE_INTERVAL);
  }

  /** @param {string} job @param {string} variable */
  has(job, variable) {
    return this.#jobs.get(job)?.has(variable) ?? false;
  }

  forget() {
    this.#stopTimer();
    this.#jobs.clear();
    attempt(() => localStorage.removeItem(this.#key));
  }

  /** What another tab has stored, or deleted, counts. */
  #reload() {
    this.#stopTimer();
    this.#jobs = this.#read();
  }

  #save() {
    if (this.#timer === undefined) return;
    this.#stopTimer();
    while (this.#text().length > MAX_SIZE) this.#dropFirst();
    attempt(() => localStorage.setItem(this.#key, this.#text()));
  }

  #text() {
    return JSON.stringify([...this.#jobs].map(([job, variables]) => [job, [...variables]]));
  }

  #dropFirst() {
    this.#jobs.delete(/** @type {string} */ (this.#jobs.keys().next().value));
  }

  #stopTimer() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Empty without storage, and for a damaged text. @returns {Map<string, Set<string>>} */
  #read() {
    const stored = attempt(() => JSON.parse(localStorage.getItem(this.#key) ?? "[]"));
    return new Map(attempt(() => stored.map((/** @type {[string, string[]]} */ [job, ids]) => [job, new Set(ids)])) ?? []);
  }
}

/** @template Result @param {() => Result} act @returns {Result | undefined} undefined if it throws */
function attempt(act) {
  try {
    return act();
  } catch {
    return undefined;
  }
}
