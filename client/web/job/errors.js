// The errors of a job on its page: how many there are, and for whoever enters the owner's key, what they are.

import { byId, setText } from "../dom.js";
import { isolate } from "../languages.js";
import { GroupList } from "../job-errors/group-list.js";
import { OwnerAccess } from "../job-errors/owner-access.js";

/** @typedef {import("../job-errors/page.js").JobErrors} JobErrors */
/** Said only when the owner has done something; the groups show the rest. */
const SILENT = ["key", "loading", "none", "some"];

export class JobErrorGroups {
  #language;
  #groups;
  #onaccess;

  /**
   * @param {import("../languages.js").Language} language
   * @param {URL} root of the pool
   * @param {string} address of the errors
   * @param {(errors: JobErrors | null) => void} onaccess whenever the key has opened them; null: it is forgotten, or
   *   refused
   */
  constructor(language, root, address, onaccess) {
    this.#language = language;
    this.#onaccess = onaccess;
    this.access = new OwnerAccess(root, location.pathname, address, byId("owner-heading"), {
      onerrors: (errors) => this.#show(errors),
      onstatus: (status, values) => this.#renderStatus(status, values),
      onclose: () => this.#close(),
    });
    this.#groups = new GroupList(language, this.access);
  }

  start() {
    byId("owner").hidden = false;
    this.access.start();
  }

  /** @param {import("./poller.js").Activity} activity */
  render({ results: { rejected, failures } }) {
    const texts = [
      this.#language.text("job-page.errors.rejected", { count: rejected }),
      this.#language.text("job-page.errors.failures", { count: failures }),
    ];
    setText(byId("errors-note"), texts.join(" · "));
  }

  /** @param {JobErrors} errors */
  #show(errors) {
    this.#groups.render(errors._embedded.items);
    byId("access").open = false;
    byId("access").hidden = true;
    byId("error-groups").hidden = false;
    this.#onaccess(errors);
  }

  #close() {
    this.#groups.clear();
    byId("error-groups").hidden = true;
    byId("access").hidden = false;
    byId("access").open = true;
    this.#onaccess(null);
  }

  /** @param {string} status @param {Record<string, string | number>} [values] */
  #renderStatus(status, values = {}) {
    const message = isolate(String(values.message ?? ""));
    const text = SILENT.includes(status) ? "" : this.#language.text(`job-errors.status.${status}`, { ...values, message });
    setText(byId("key-status"), text);
  }
}
