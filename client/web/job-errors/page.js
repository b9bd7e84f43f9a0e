// The page of a job's errors: connects the owner's access with the parts of the page.

import { byId, setText } from "../dom.js";
import { isolate, Language } from "../languages.js";
import { GroupList } from "./group-list.js";
import { OwnerAccess } from "./owner-access.js";
import { Summary } from "./summary.js";
import { TEXTS } from "./texts/index.js";

/**
 * @typedef {object} JobErrors
 * @property {Record<string, string>} _links
 * @property {string} name of the job
 * @property {"open" | "paused"} state
 * @property {{at: string, reason: string}} [paused] why the pool has paused the job
 * @property {number} accepted
 * @property {number} rejected
 * @property {number} failures
 * @property {string[]} failed ids of variables that are offered to nobody
 * @property {string[]} stuck ids of variables
 * @property {{items: import("./group-card.js").Group[]}} _embedded
 */

const root = new URL(document.documentElement.dataset.root ?? "/", location.href);
const language = new Language(TEXTS);
const summary = new Summary(language);
const job = location.pathname.replace(/\/errors\/?$/, "");
const access = new OwnerAccess(root, job, location.origin + location.pathname, byId("name"), {
  onerrors: render,
  onstatus: showStatus,
  onclose: clear,
});
const groups = new GroupList(language, access);

/** @param {JobErrors} errors */
function render(errors) {
  summary.render(errors);
  groups.render(errors._embedded.items);
  byId("content").hidden = false;
}

function clear() {
  groups.clear();
  byId("content").hidden = true;
}

/** The only live region: announcing every error would never end. @param {string} status @param {any} [values] */
function showStatus(status, values = {}) {
  document.documentElement.dataset.errors = status;
  const { message = "" } = values;
  setText(byId("status"), language.text(`job-errors.status.${status}`, { ...values, message: isolate(message) }));
}

language.translate();
document.title = language.text("job-errors.title", { name: isolate(byId("name").textContent) });
access.start();
