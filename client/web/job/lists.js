// The latest results of a job, and who computes.

import { byId, element } from "../dom.js";
import { linkTo } from "../links.js";
import { durationOf, markOf, previewOf, Table, timeOf } from "../tables.js";

/** @typedef {import("./poller.js").Result} Result */
/** @typedef {import("./poller.js").Volunteer} Volunteer */

const RESULT_COLUMNS = [
  { key: "list.result", kind: "wide" },
  { key: "list.variable", kind: "id" },
  { key: "list.by" },
  { key: "list.run", kind: "number" },
  { key: "list.accepted", kind: "when" },
];
const VOLUNTEER_COLUMNS = [
  { key: "list.by" },
  { key: "job-page.results", kind: "number" },
  { key: "job-page.errors", kind: "number" },
  { key: "list.run", kind: "number" },
  { key: "job-page.last", kind: "when" },
];

export class JobLists {
  #language;
  #results;
  #volunteers;

  /** @param {import("../languages.js").Language} language */
  constructor(language) {
    this.#language = language;
    this.#results = new Table(RESULT_COLUMNS, "latest-heading", language);
    this.#volunteers = new Table(VOLUNTEER_COLUMNS, "volunteers-heading", language);
  }

  /** @param {import("./poller.js").Activity} activity */
  render({ volunteers, _embedded: { items: results } }) {
    byId("content").dataset.results = results.length ? "some" : "none";
    byId("content").dataset.volunteers = volunteers.length ? "some" : "none";
    this.#results.render(results, () => results.map((result) => this.#result(result)));
    this.#volunteers.render(volunteers, () => volunteers.map((volunteer) => this.#volunteer(volunteer)));
    // In the place of what the server has made.
    if (!this.#results.element.isConnected) byId("latest").replaceChildren(this.#results.element);
    if (!this.#volunteers.element.isConnected) byId("volunteers").replaceChildren(this.#volunteers.element);
  }

  /** @param {Result} result */
  #result({ _links, variable, mark, preview, run_seconds: seconds, created }) {
    return [
      previewOf(_links.self, preview),
      linkTo(_links.get_variable, element("bdi", {}, variable)),
      markOf(mark),
      durationOf(seconds, this.#language),
      timeOf(created, this.#language),
    ];
  }

  /** @param {Volunteer} volunteer */
  #volunteer({ mark, results, errors, mean_run_seconds: seconds, last }) {
    return [
      mark === null ? this.#language.text("job-page.anonymous") : markOf(mark),
      this.#language.number(results),
      this.#language.number(errors),
      durationOf(seconds, this.#language),
      timeOf(last, this.#language),
    ];
  }
}
