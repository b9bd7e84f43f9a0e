// The trial beside the form: one unit, its result, what it printed, and the validator's word.

import { messageOf } from "../../js/lib/errors.js";
import { byId, setText } from "../dom.js";
import { InputError } from "../owning/inputs.js";
import { runTime } from "../tables.js";

/** @typedef {import("../languages.js").Language} Language */
/** @typedef {import("../owning/inputs.js").Inputs} Inputs */
/** @typedef {import("./trial.js").Job} Job */
/** @typedef {import("./trial.js").Tried} Tried */

/** Longer texts would slow the page down. */
const MAX_SHOWN = 20_000;
const PARTS = /** @type {const} */ (["variable", "result", "console", "stack", "verdict", "stored", "printed"]);

export class TrialPanel {
  #trial;
  #picture;
  #language;
  #read;
  /** @type {AbortController | undefined} */
  #running;

  /**
   * @param {import("./trial.js").Trial} trial @param {import("./trial-picture.js").TrialPicture} picture
   * @param {Language} language
   * @param {() => {job: Job, inputs: Inputs | null}} read of the form; may throw InputError
   */
  constructor(trial, picture, language, read) {
    this.#trial = trial;
    this.#picture = picture;
    this.#language = language;
    this.#read = read;
    byId("try").addEventListener("click", () => void this.#start());
    byId("stop").addEventListener("click", () => this.#running?.abort());
  }

  /** @param {string} key @param {Record<string, string | number>} [values] */
  #text = (key, values) => this.#language.text(`post.trial.${key}`, values);

  async #start() {
    const running = new AbortController();
    this.#running = running;
    this.#clear();
    this.#setRunning(true);
    try {
      const { job, inputs } = this.#read();
      const text = this.#variable(inputs);
      const variable = JSON.parse(text);
      this.#show({ variable: text });
      this.#showStatus("running", this.#text("running"));
      const tried = await this.#trial.run(job, variable, running.signal);
      this.#render(tried);
      if (tried.outcome === "accepted") await this.#picture.draw(job.functions.render, variable, tried.result ?? "null");
    } catch (ex) {
      this.#showError(ex, running.signal);
    } finally {
      this.#setRunning(false);
    }
  }

  /** The chosen unit, counted from 1. @param {Inputs | null} inputs */
  #variable(inputs) {
    if (inputs === null) throw new InputError("empty");
    const number = Math.min(Math.max(1, Math.floor(byId("unit").valueAsNumber || 1)), inputs.count);
    byId("unit").value = String(number);
    return inputs.at(number - 1);
  }

  /** @param {unknown} ex @param {AbortSignal} signal */
  #showError(ex, signal) {
    if (signal.aborted) this.#showStatus("", this.#text("stopped"));
    else if (ex instanceof InputError) {
      this.#showStatus("failed", this.#language.text(`owning.inputs.error.${ex.reason}`, ex.values));
    } else this.#showStatus("failed", this.#text("no-sandbox", { message: messageOf(ex) }));
  }

  /** @param {Tried} tried */
  #render({ outcome, result, seconds, console, error = "", stack, verdict, isRepeatable, agreesWithItself }) {
    const duration = seconds === undefined ? "" : runTime(seconds, this.#language);
    this.#showStatus(outcome, this.#text(outcome, { duration, error }));
    this.#show({
      result,
      console,
      stack,
      verdict: verdict && this.#word(verdict),
      stored: verdict?.stored === undefined ? "" : JSON.stringify(verdict.stored, null, 2),
      printed: verdict?.console,
    });
    const notes = {
      "no-validator": outcome === "accepted" && verdict === undefined,
      unrepeatable: isRepeatable === false,
      "disagrees": agreesWithItself === false,
    };
    const shown = Object.entries(notes).flatMap(([key, isTrue]) => (isTrue ? [this.#text(key)] : []));
    setText(byId("trial-notes"), shown.join(" "));
    byId("trial-notes").hidden = shown.length === 0;
  }

  /** @param {import("./trial.js").Verdict} verdict */
  #word({ valid, reason }) {
    if (valid) return this.#text(reason ? "valid.reason" : "valid", { reason: reason ?? "" });
    return this.#text("invalid", { reason: reason ?? "" });
  }

  #clear() {
    this.#show(Object.fromEntries(PARTS.map((name) => [name, ""])));
    byId("trial-notes").hidden = true;
    this.#picture.clear();
  }

  /** @param {{[name in typeof PARTS[number]]?: string}} texts */
  #show(texts) {
    for (const [name, text = ""] of Object.entries(texts)) {
      byId(`trial-${name}`).closest("section").hidden = text === "";
      setText(byId(`trial-${name}`), text.slice(0, MAX_SHOWN));
    }
  }

  /** @param {string} outcome @param {string} text */
  #showStatus(outcome, text) {
    byId("trial").dataset.outcome = outcome;
    setText(byId("trial-status"), text);
  }

  /** @param {boolean} isRunning */
  #setRunning(isRunning) {
    byId("stop").hidden = !isRunning;
    byId("try").disabled = isRunning;
    if (isRunning) byId("stop").focus();
    else if (document.activeElement === document.body) byId("try").focus();
  }
}
