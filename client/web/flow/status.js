// The status of a flow: its state and, while it runs, whether volunteers compute the offered steps. If none does for a
// while, the jobs are checked once: a paused job is the usual reason.

import { byId, setText } from "../dom.js";
import { isolate } from "../languages.js";
import { FETCH_OPTIONS } from "../poller.js";
import { nameOf } from "./job-names.js";
import { levelsOf } from "./poller.js";
import { countsOf, stateOf } from "./states.js";

/** @typedef {import("./poller.js").Entry} Entry */
/** @typedef {import("./poller.js").Flow} Flow */
/** Addresses of paused jobs; null during the requests. @typedef {{paused: string[] | null}} PauseCheck */
/**
 * @typedef {object} Snapshot
 * @property {string} state
 * @property {number} computing number of entries
 * @property {string} changed when a step was last offered or finished
 * @property {string} finished when a step was last finished; empty if none was
 * @property {boolean} isBlocked whether it waits for a failed variable
 * @property {string[]} offered addresses of the jobs with offered steps
 */

/** Milliseconds for which the status stays `computing` between two steps: they follow one another with small gaps. */
const COMPUTING_GRACE = 10_000;
/** Milliseconds without any activity after which an offer counts as unclaimed. */
const UNCLAIMED_AFTER = 30_000;
const MAX_CHECKED_JOBS = 10;

export class FlowStatus {
  #language;
  #override = "loading";
  #clockOffset = 0;
  /** @type {Snapshot | null} */
  #snapshot = null;
  /** When an entry was last seen computing, in milliseconds by the pool's clock. */
  #lastComputing = 0;
  /** @type {PauseCheck | null} */
  #pauseCheck = null;

  /** @param {import("../languages.js").Language} language */
  constructor(language) {
    this.#language = language;
    setInterval(() => document.hidden || this.#render(), 1000);
  }

  /** @param {Flow} flow @param {number} clockOffset the pool's clock minus this one, in milliseconds */
  render(flow, clockOffset) {
    this.#snapshot = snapshotOf(flow);
    this.#clockOffset = clockOffset;
    this.override("");
  }

  /** Shows this status instead of the flow's; an empty one ends that. @param {string} status */
  override(status) {
    this.#override = status;
    this.#render();
  }

  /** Only this element is a live region: announcing every entry would never end. */
  #render() {
    const status = this.#override || this.#status();
    document.documentElement.dataset.flow = status;
    setText(byId("status"), [this.#language.text(`flow.status.${status}`), ...this.#pausedText(status)].join(" "));
  }

  #status() {
    if (this.#snapshot === null) return "loading";
    if (this.#snapshot.state !== "running") return this.#snapshot.state;
    const { computing, isBlocked, offered } = this.#snapshot;
    if (isBlocked && computing === 0 && offered.length === 0) return "blocked";
    if (this.#idleTime(this.#snapshot) < UNCLAIMED_AFTER || offered.length === 0) this.#pauseCheck = null;
    else this.#pauseCheck ??= this.#checkPaused(offered);
    if (this.#pauseCheck?.paused) return "unclaimed";
    return this.#isComputing(this.#snapshot) ? "computing" : "offered";
  }

  /** Milliseconds without a change and without computing. @param {Snapshot} snapshot */
  #idleTime({ computing, changed }) {
    if (computing > 0) this.#lastComputing = this.#now();
    return this.#now() - Math.max(this.#lastComputing, Date.parse(changed));
  }

  /** @param {Snapshot} snapshot */
  #isComputing({ computing, finished }) {
    const lastActive = Math.max(this.#lastComputing, Date.parse(finished) || 0);
    return computing > 0 || this.#now() - lastActive < COMPUTING_GRACE;
  }

  #now = () => Date.now() + this.#clockOffset;

  /** @param {string[]} jobs @returns {PauseCheck} */
  #checkPaused(jobs) {
    /** @type {PauseCheck} */
    const check = { paused: null };
    void Promise.all(jobs.map(isPaused)).then((flags) => {
      check.paused = jobs.filter((_, index) => flags[index]);
      this.#render();
    });
    return check;
  }

  /** @param {string} status */
  #pausedText(status) {
    const paused = (status === "unclaimed" && this.#pauseCheck?.paused) || [];
    if (paused.length === 0) return [];
    const jobs = this.#language.list(paused.map((job) => isolate(nameOf(new URL(job).pathname))));
    return [this.#language.text("flow.status.paused", { count: paused.length, jobs })];
  }
}

/** @param {Flow} flow @returns {Snapshot} */
function snapshotOf(flow) {
  const entries = levelsOf(flow).flat();
  const steps = entries.flatMap((entry) => entry.steps);
  const finished = latest(steps.map(({ state, finished: time }) => (state === "done" && time) || ""));
  return {
    state: flow.state,
    computing: countsOf(entries).computing,
    changed: latest([flow.created, finished, ...steps.map(({ started }) => started ?? "")]),
    finished,
    isBlocked: Boolean(flow.blocked?.length),
    offered: jobsOf(entries.filter((entry) => stateOf(entry) === "offered")),
  };
}

/** ISO 8601 in UTC sorts as text. @param {string[]} times */
const latest = (times) => times.reduce((one, other) => (one > other ? one : other), "");

/** Addresses within this pool, at most as many as are checked. @param {Entry[]} entries */
function jobsOf(entries) {
  const addresses = entries.map(({ _links: links }) => new URL(links.get_job, location.href));
  const own = addresses.filter(({ origin }) => origin === location.origin);
  return [...new Set(own.map(({ href }) => href))].slice(0, MAX_CHECKED_JOBS);
}

/** False on an error. @param {string} address */
async function isPaused(address) {
  try {
    const response = await fetch(address, { ...FETCH_OPTIONS, headers: { Accept: "application/json" } });
    return (await response.json()).state === "paused";
  } catch {
    return false;
  }
}
