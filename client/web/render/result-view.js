// What a job has found so far, as a figure that grows: fetches its results as they come, and runs its `render` on them.
// Both cost little, however many results come: they pause while nobody can see the figure, wait between two times, and
// give up on a function that keeps failing.

import { JobError } from "../../js/lib/errors.js";
import { element, setText } from "../dom.js";
import { titleOf } from "../job-title.js";
import { isolate } from "../languages.js";
import { InvalidRender } from "./checks.js";
import { figureOf, partsOf } from "./figure.js";
import { plainTable } from "./plain-table.js";
import { runRender } from "./renderer.js";
import { ResultsFeed } from "./results-feed.js";
import { Schedule } from "./schedule.js";
import { validated } from "./validate.js";

/** @typedef {import("../../js/index.js").Client} Client */
/** @typedef {import("../../js/index.js").Document} Document */
/** @typedef {import("../languages.js").Language} Language */
/** @typedef {import("./validate.js").Render} Render */
/**
 * @typedef {object} Parts of the page
 * @property {Client} client
 * @property {Language} language
 * @property {() => Promise<string>} sandbox the address of the sandbox document
 * @property {(job: string, variable: string) => boolean} isMine
 * @property {import("./consent.js").RenderConsent} consent
 */
/**
 * @typedef {object} Options
 * @property {boolean} [isBrief] a small figure, without explanations
 * @property {boolean} [isListed] the list that it is in asks for consent
 */

/** Failures in a row after which it gives up. */
const MAX_FAILURES = 5;
const FAILURE_MILLISECONDS = 200;

export class ResultView {
  #element;
  #isBrief;
  #isListed;
  #unsubscribe;
  #parts;
  #job;
  /** @type {Document | null} */
  #whole = null;
  #feed;
  #failures = 0;
  /** Requests in a row that have failed. */
  #outages = 0;
  /** Whether the figure shows all results that were fetched. */
  #isCurrent = false;
  /** Of the last figure: so that it is drawn anew for another width without another run. @type {Render | null} */
  #render = null;
  #width = 0;
  #schedule;
  #figure = element("div", { class: "render-figure" });
  #note = element("p", { class: "help", dir: "auto", hidden: true });
  #button;
  #resizes = new ResizeObserver(() => this.#resize());

  /**
   * @param {HTMLElement} target is filled
   * @param {Document} job as listed, without its function
   * @param {Parts} parts
   * @param {Options} [options]
   */
  constructor(target, job, parts, { isBrief = false, isListed = false } = {}) {
    this.#isBrief = isBrief;
    this.#isListed = isListed;
    this.#element = target;
    this.#parts = parts;
    this.#job = job;
    this.#feed = new ResultsFeed(parts.client, job);
    this.#button = element("button", { class: "button", type: "button", hidden: true }, parts.language.text("render.show"));
    this.#button.addEventListener("click", () => this.#ask());
    target.replaceChildren(this.#figure, this.#note, this.#button);
    this.#schedule = new Schedule(target, () => this.#refresh());
    this.#unsubscribe = parts.consent.onchange(() => this.#handleConsent());
    this.#resizes.observe(target);
    this.refresh();
  }

  /** There may be new results, or the visitor may have agreed. */
  refresh() {
    const isWaiting = this.#job.content.has_render !== false && !this.#parts.consent.isGiven;
    this.#button.hidden = !isWaiting || this.#isListed;
    const isAsking = isWaiting && !this.#isBrief && this.#render === null;
    this.#element.classList.toggle("asking", isAsking);
    if (isAsking) this.#say("render.ask");
    if (isWaiting) {
      this.#schedule.cancel();
      return;
    }
    if (this.#failures === 0 && this.#render === null) this.#say("render.loading");
    if (this.#failures < MAX_FAILURES) this.#schedule.request();
  }

  /** What is the visitor's may be forgotten. */
  #handleConsent() {
    if (this.#render) this.#draw(this.#render);
    this.refresh();
  }

  /** Ends it: its element is used for something else. */
  stop() {
    this.#schedule.stop();
    this.#resizes.disconnect();
    this.#unsubscribe();
  }

  #ask() {
    this.#parts.consent.give();
    this.#note.tabIndex = -1;
    this.#note.focus(); // The button that had it is hidden now.
  }

  /** @returns the milliseconds that it took */
  async #refresh() {
    try {
      if (await this.#feed.update()) this.#isCurrent = false;
      this.#outages = 0;
      const milliseconds = this.#isCurrent ? 0 : await this.#run();
      this.#failures = 0;
      return milliseconds;
    } catch (ex) {
      return this.#fail(ex);
    }
  }

  /** @returns the milliseconds that it took */
  async #run() {
    const { results } = this.#feed;
    if (results.length === 0) {
      this.#say("render.empty");
      return 0;
    }
    const milliseconds = await this.#show(results);
    this.#isCurrent = true;
    return milliseconds;
  }

  /** @param {import("./results-feed.js").Result[]} results @returns the milliseconds that it took */
  async #show(results) {
    this.#whole ??= await this.#parts.client.reload(this.#job);
    const source = this.#whole.content.render;
    if (typeof source === "string") return this.#evaluate(source, results);
    this.#draw(plainTable(results, this.#parts.language));
    return 0;
  }

  /** @param {string} source @param {import("./results-feed.js").Result[]} results */
  async #evaluate(source, results) {
    const { id, name, metadata } = this.#job.content;
    const given = { results, context: { job: { id, name }, metadata } };
    const { text, milliseconds } = await runRender(await this.#parts.sandbox(), source, given);
    this.#draw(validated(text));
    return milliseconds;
  }

  /** @param {Render} render */
  #draw(render) {
    this.#render = render;
    this.#width = this.#element.clientWidth;
    const { language } = this.#parts;
    const isMine = (/** @type {string} */ variable) => this.#parts.isMine(this.#job.content.id, variable);
    const isOpen = this.#figure.querySelector("details")?.open ?? false;
    const setting = { language, name: titleOf(this.#job.content, language), width: this.#width, isMine };
    const figure = figureOf(render, setting);
    if (isOpen) figure.querySelector("details")?.setAttribute("open", "");
    // Its table may have the focus, or be scrolled.
    if (!this.#figure.contains(document.activeElement)) this.#figure.replaceChildren(figure);
    this.#describe(render, isMine);
  }

  /** @param {Render} render @param {(variable: string) => boolean} isMine */
  #describe(render, isMine) {
    const { count, mine } = partsOf(render, isMine);
    const key = render.type === "picture" ? "render.outlined" : "render.marked";
    if (mine > 0) this.#say(key, { count: mine, total: count });
    else if (this.#feed.isSample) this.#say("render.partial", { count: this.#feed.results.length });
    else this.#note.hidden = true;
  }

  #resize() {
    if (this.#render && this.#element.clientWidth !== this.#width) this.#draw(this.#render);
  }

  /** @param {unknown} ex @returns {number} as if it had taken so many milliseconds: twice as long after each failure */
  #fail(ex) {
    if (ex instanceof JobError) this.#say("render.failed", { reason: isolate(ex.message) });
    else if (ex instanceof InvalidRender) this.#say("render.invalid", { reason: isolate(ex.message) });
    else return this.#retry();
    this.#failures += 1;
    // Whatever was wrong may be over: a busy device needs longer.
    this.refresh();
    return FAILURE_MILLISECONDS * 2 ** this.#failures;
  }

  /** The pool can't be reached, or has no such job any more. */
  #retry() {
    this.#outages += 1;
    this.#say("render.unavailable");
    this.#schedule.request();
    return FAILURE_MILLISECONDS * 2 ** this.#outages;
  }

  /** @param {string} key @param {Record<string, string | number>} [values] */
  #say(key, values) {
    this.#note.hidden = false;
    setText(this.#note, this.#parts.language.text(key, values));
  }
}
