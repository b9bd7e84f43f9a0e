// A job's picture in the widget, where its site wants one: drawn once the visitor computes, since that runs code of the
// job, in the sandbox.

import { Client } from "../js/index.js";
import { byId, element } from "./dom.js";
import { Language } from "./languages.js";
import { OwnVariables } from "./own-variables.js";
import { RenderConsent } from "./render/consent.js";
import { ResultView } from "./render/result-view.js";
import { TEXTS } from "./render/texts/index.js";

/** Milliseconds after which others' results are looked for. */
const INTERVAL = 30_000;

export class WidgetPicture {
  #client;
  #job;
  #own;
  /** @type {ResultView | null} */
  #view = null;
  #isLoading = false;
  #state = "new";
  #consent = new RenderConsent(() => this.#state === "running");
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;

  /** @param {string} root the pool's address @param {string} job its id @param {string} key of the widget in localStorage */
  constructor(root, job, key) {
    this.#client = new Client(root, { retries: { attempts: 2, firstDelay: 500 } });
    this.#job = job;
    this.#own = new OwnVariables(`${key} variables`);
  }

  /** @param {"new" | "running" | "paused"} state */
  render(state) {
    byId("picture").hidden = state === "new";
    if (state === "new") this.#end();
    else void this.#show();
    if (state !== this.#state) {
      this.#state = state;
      this.#consent.notify();
    }
  }

  /** The browser has computed a unit. @param {{job: string, variable: string}} unit */
  add({ job, variable }) {
    this.#own.add(job, variable);
    if (job === this.#job) this.#view?.refresh();
  }

  forget() {
    this.#own.forget();
  }

  async #show() {
    if (this.#view || this.#isLoading) return;
    this.#isLoading = true;
    // Without the picture the widget is as it would be.
    const job = await this.#client.job(this.#job).catch(() => null);
    this.#isLoading = false;
    if (job === null || byId("picture").hidden) return;
    const target = element("div", { class: "result-view" });
    byId("picture").replaceChildren(target);
    const view = (this.#view = new ResultView(target, job, this.#parts(), { isBrief: true }));
    this.#timer = setInterval(() => view.refresh(), INTERVAL);
  }

  #parts() {
    return {
      client: this.#client,
      language: new Language(TEXTS),
      sandbox: async () => (await this.#client.root()).link("sandbox"),
      isMine: (/** @type {string} */ job, /** @type {string} */ variable) => this.#own.has(job, variable),
      consent: this.#consent,
    };
  }

  #end() {
    clearInterval(this.#timer);
    this.#view?.stop();
    this.#view = null;
    byId("picture").replaceChildren();
  }
}
