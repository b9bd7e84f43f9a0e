// The page of a job's errors: asks for the owner's key, loads the errors with it, and connects the parts of the page.

import { byId, setText } from "../dom.js";
import { KeyForm } from "../key-form.js";
import { isolate, Language } from "../languages.js";
import { idOf } from "../links.js";
import { OwnerKey } from "../owner-key.js";
import { FETCH_OPTIONS, parseExactly, Poller } from "../poller.js";
import { GroupList } from "./group-list.js";
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
 * @property {string[]} stuck ids of variables
 * @property {{items: import("./group-card.js").Group[]}} _embedded
 */

/** In milliseconds. */
const INTERVAL = 10_000;
const MAX_INTERVAL = 60_000;
const TIMEOUT = 30_000;
const REFUSALS = [401, 403, 404];
const BLOCKED = "urn:comp-pool:blocked";

const root = new URL(document.documentElement.dataset.root ?? "/", location.href);
const language = new Language(TEXTS);
const job = location.pathname.replace(/\/errors\/?$/, "");
const key = new OwnerKey(root.pathname, job);
const form = new KeyForm(submit, forget);
const summary = new Summary(language);
const groups = new GroupList(language, loadError);
/** @type {Poller | undefined} */
let poller;
/** How many groups are shown. */
let count = 0;

function load() {
  poller?.stop();
  const options = { interval: INTERVAL, maxInterval: MAX_INTERVAL, refusals: REFUSALS, headers: key.headers };
  poller = new Poller(location.origin + location.pathname, options, {
    ondocument: render,
    onrecover: showCount,
    onfailure: () => showStatus("offline"),
    onrefusal: refuse,
  });
  showStatus("loading");
  poller.start();
}

/** @param {JobErrors} errors */
function render(errors) {
  count = errors._embedded.items.length;
  summary.render(errors);
  groups.render(errors._embedded.items);
  byId("content").hidden = false;
  document.title = language.text("job-errors.title", { name: isolate(errors.name) });
  key.keep();
  form.hide();
  showCount();
}

/** @param {number} status @param {{type?: string, detail?: string}} problem */
function refuse(status, { type, detail }) {
  clear();
  if (status === 404) form.hide();
  else form.ask(true);
  if (status === 401) key.forget();
  if (type === BLOCKED) showStatus("blocked", { message: isolate(detail ?? "") });
  else showStatus(String(status));
}

/** @param {string} text */
function submit(text) {
  if (key.use(text)) load();
  else refuse(401, {});
}

function forget() {
  clear();
  key.forget();
  form.ask(false);
  showStatus("forgotten");
}

/** Leaves nothing on the page that the key has opened. */
function clear() {
  poller?.stop();
  groups.clear();
  byId("content").hidden = true;
}

/** The only live region: announcing every error would never end. @param {string} status @param {any} [values] */
function showStatus(status, values) {
  document.documentElement.dataset.errors = status;
  setText(byId("status"), language.text(`job-errors.status.${status}`, values));
}

const showCount = () => showStatus(count ? "some" : "none", { count });

/** From this pool alone, since the request has the owner's key. @param {string} address */
async function loadError(address) {
  const { href, origin, pathname } = new URL(address, location.href);
  if (origin !== root.origin || !pathname.startsWith(root.pathname)) throw new Error(`not of this pool: ${href}`);
  const headers = { Accept: "application/json", ...key.headers };
  const response = await fetch(href, { ...FETCH_OPTIONS, headers, signal: AbortSignal.timeout(TIMEOUT) });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return parseExactly(await response.text());
}

function start() {
  language.translate();
  setText(byId("name"), idOf(job));
  document.title = language.text("job-errors.title", { name: isolate(byId("name").textContent) });
  if (key.isKnown) {
    form.hide();
    load();
  } else {
    form.show();
    showStatus("key");
  }
}

start();
