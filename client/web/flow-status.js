// A flow's status: how it stands, whether somebody computes what it offers, and why perhaps nobody does.

import { find, say } from "./dom.js";
import { lastOf } from "./flow-entry.js";
import { countsOf, stateOf } from "./flow-states.js";
import { levelsOf, MANNERS } from "./flow-watch.js";
import { isolated } from "./languages.js";

/** @typedef {import("./flow-watch.js").EntryView} EntryView */
/** @typedef {import("./flow-watch.js").Flow} Flow */
/** Of what is offered: the jobs that are paused, null until it is known. @typedef {{paused: string[] | null}} Lull */
/**
 * @typedef {object} Standing
 * @property {string} state
 * @property {number} computing how many entries
 * @property {string} changed when a step was last offered or answered
 * @property {string} answered when a step was
 * @property {string[]} offered addresses of the jobs of what is offered
 */

/** Between two steps that follow one another nobody is told that nothing is computed. */
const BETWEEN = 10_000;
const QUIET = 30_000;
/** Of more jobs than this nobody wants to read. */
const ASKED = 10;

export class FlowStatus {
  #language;
  #word = "loading";
  #ahead = 0;
  /** @type {Standing | null} */
  #standing = null;
  /** When somebody was last seen to compute, in milliseconds of the pool's clock. */
  #computed = 0;
  /** @type {Lull | null} */
  #lull = null;

  /** @param {import("./languages.js").Language} language */
  constructor(language) {
    this.#language = language;
    setInterval(() => document.hidden || this.#draw(), 1000);
  }

  /** @param {Flow} flow @param {number} ahead of this clock is the pool's, in milliseconds */
  draw(flow, ahead) {
    this.#standing = standingOf(flow);
    this.#ahead = ahead;
    this.say("");
  }

  /** Says this instead of how the flow stands; nothing: just that. @param {string} word */
  say(word) {
    this.#word = word;
    this.#draw();
  }

  /** The state alone is announced: the rest would never be silent. */
  #draw() {
    const word = this.#word || this.#told();
    document.documentElement.dataset.flow = word;
    say(find("status"), [this.#language.text(`flow.status.${word}`), ...this.#paused(word)].join(" "));
  }

  #told() {
    if (this.#standing === null) return "loading";
    if (this.#standing.state !== "running") return this.#standing.state;
    const { offered } = this.#standing;
    if (this.#still(this.#standing) < QUIET || offered.length === 0) this.#lull = null;
    else this.#lull ??= this.#ask(offered);
    if (this.#lull?.paused) return "quiet";
    return this.#isComputing(this.#standing) ? "computing" : "offered";
  }

  /** For how long nothing has happened, in milliseconds. @param {Standing} standing */
  #still({ computing, changed }) {
    if (computing > 0) this.#computed = this.#now();
    return this.#now() - Math.max(this.#computed, Date.parse(changed));
  }

  /** @param {Standing} standing */
  #isComputing({ computing, answered }) {
    return computing > 0 || this.#now() - Math.max(this.#computed, Date.parse(answered) || 0) < BETWEEN;
  }

  #now = () => Date.now() + this.#ahead;

  /** @param {string[]} jobs @returns {Lull} */
  #ask(jobs) {
    /** @type {Lull} */
    const lull = { paused: null };
    void Promise.all(jobs.map(isPaused)).then((answers) => {
      lull.paused = jobs.filter((_, place) => answers[place]);
      this.#draw();
    });
    return lull;
  }

  /** @param {string} word */
  #paused(word) {
    const paused = (word === "quiet" && this.#lull?.paused) || [];
    if (paused.length === 0) return [];
    const jobs = this.#language.list(paused.map((job) => isolated(lastOf(job))));
    return [this.#language.text("flow.status.paused", { count: paused.length, jobs })];
  }
}

/** @param {Flow} flow @returns {Standing} */
function standingOf(flow) {
  const views = levelsOf(flow).flat();
  const steps = views.flatMap((view) => view.steps);
  const answered = latest(steps.map(({ state, finished }) => (state === "done" && finished) || ""));
  return {
    state: flow.state,
    computing: countsOf(views).computing,
    changed: latest([flow.created, answered, ...steps.map(({ started }) => started ?? "")]),
    answered,
    offered: jobsOf(views.filter((view) => stateOf(view) === "offered")),
  };
}

/** @param {string[]} moments */
const latest = (moments) => moments.reduce((one, other) => (one > other ? one : other), "");

/** Those of this pool, as far as they are asked for. @param {EntryView[]} views */
function jobsOf(views) {
  const addresses = views.map(({ _links: links }) => new URL(links.get_job, location.href));
  const own = addresses.filter(({ origin }) => origin === location.origin);
  return [...new Set(own.map(({ href }) => href))].slice(0, ASKED);
}

/** No answer is none that says so. @param {string} address */
async function isPaused(address) {
  try {
    const response = await fetch(address, { ...MANNERS, headers: { Accept: "application/json" } });
    return (await response.json()).state === "paused";
  } catch {
    return false;
  }
}
