// The header of a job's page: owner, description, status, and why the pool has paused it.

import { byId, setText } from "../dom.js";
import { titleOf } from "../job-title.js";
import { isolate } from "../languages.js";

/** @typedef {import("./poller.js").Activity} Activity */

export class JobHeader {
  #language;
  #status = "";
  #title = "";

  /** @param {import("../languages.js").Language} language */
  constructor(language) {
    this.#language = language;
  }

  /** What stays as it is. @param {any} job */
  renderJob({ name, metadata, created }) {
    this.#title = titleOf({ name, metadata }, this.#language);
    setText(byId("name"), this.#title);
    const owner = typeof metadata.owner === "string" ? metadata.owner : null;
    const key = owner === null ? "job-page.unnamed" : "job-page.owner";
    const values = { owner: isolate(owner ?? ""), time: this.#language.dateTime(new Date(created)) };
    setText(byId("subtitle"), this.#language.text(key, values));
    const description = this.#language.bestOf(metadata.description ?? metadata.short_description);
    setText(byId("description"), description?.text ?? "");
    byId("description").lang = description?.lang ?? "";
  }

  /** @param {Activity} activity */
  render(activity) {
    this.#status = statusOf(activity);
    this.recover();
    byId("pause").hidden = !activity.paused;
    setText(byId("pause-reason"), activity.paused?.reason ?? "");
    document.title = this.#language.text(`job-page.title.${this.#status}`, { name: isolate(this.#title) });
  }

  /** The status of the job itself again. */
  recover() {
    if (this.#status) this.override(this.#status);
  }

  /** @param {string} status */
  override(status) {
    document.documentElement.dataset.job = status;
    setText(byId("status"), this.#language.text(`job-page.status.${status}`));
  }

  renderMissing() {
    byId("content").hidden = true;
    setText(byId("name"), this.#language.text("job-page.missing"));
    setText(byId("description"), "");
    setText(byId("subtitle"), this.#language.text("job-page.missing.help"));
    document.title = this.#language.text("job-page.missing");
    this.override("missing");
  }
}

/** The same rule as the server's (resources/job_page.py). @param {Activity} activity */
function statusOf({ state, complete, results_per_minute: rate, variables: { total, leased, open, held, failed } }) {
  if (state === "review" || state === "paused") return state;
  if (complete) return "done";
  if (total === 0) return "empty";
  if (leased || rate) return "computing";
  if (failed) return "failed";
  return open || held ? "waiting" : "done";
}
