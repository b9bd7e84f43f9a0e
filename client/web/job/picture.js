// The results of the job as a picture, where the job has a function that draws them.

import { Client, Document } from "../../js/index.js";
import { byId, element } from "../dom.js";
import { OwnVariables } from "../own-variables.js";
import { Preferences } from "../preferences.js";
import { RenderConsent } from "../render/consent.js";
import { ResultView } from "../render/result-view.js";

export class JobPicture {
  #language;
  #client;
  #done = -1;
  /** @type {ResultView | null} */
  #view = null;

  /** @param {import("../languages.js").Language} language @param {URL} root */
  constructor(language, root) {
    this.#language = language;
    this.#client = new Client(root, { retries: { attempts: 2, firstDelay: 500 } });
  }

  /** @param {any} content of the job */
  renderJob(content) {
    if (content.render === undefined) return;
    byId("picture").hidden = false;
    const target = element("div", { class: "result-view" });
    byId("picture-view").replaceChildren(target);
    this.#view = new ResultView(target, new Document(location.href, content), this.#parts());
  }

  /** @param {import("./poller.js").Activity} activity */
  render({ variables: { done } }) {
    if (done !== this.#done) this.#view?.refresh();
    this.#done = done;
  }

  /** A visitor who computes on the front page has agreed there, and finds the same parts marked. */
  #parts() {
    const own = new OwnVariables("comp-pool variables");
    const preferences = new Preferences("comp-pool", /** @type {any} */ ({}), () => consent.notify());
    const consent = new RenderConsent(() => preferences.state === "running");
    return {
      client: this.#client,
      language: this.#language,
      sandbox: async () => (await this.#client.root()).link("sandbox"),
      isMine: (/** @type {string} */ job, /** @type {string} */ variable) => own.has(job, variable),
      consent,
    };
  }
}
