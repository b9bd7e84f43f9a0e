// The front page: creates its parts and connects them.

import { Client } from "../js/index.js";
import { Activity } from "./activity.js";
import { Choices } from "./choices.js";
import { byId, setText } from "./dom.js";
import { ErrorList } from "./errors.js";
import { FlowList } from "./flow/list.js";
import { JobList, ownersOf } from "./job-list.js";
import { Language } from "./languages.js";
import { cores } from "./preferences.js";
import { StartButton } from "./start-button.js";
import { VolunteerController } from "./volunteer-controller.js";

/** @typedef {import("../js/lib/status.js").ErrorEvent} ErrorEvent */
/** @typedef {import("../js/lib/status.js").UnitEvent} UnitEvent */

const root = new URL(document.documentElement.dataset.root ?? "/", location.href).href;
const half = Math.max(1, Math.floor(cores() / 2));
const defaults = { owners: [], workers: half, throttle: 0.6, plugged: false, gpu: false, pins: {} };
/** Kinds that the list of errors leaves out: the status already shows them. */
const SHOWN_AS_STATUS = ["platform", "cancelled"];

const language = new Language();
const controller = new VolunteerController(root, "comp-pool", defaults, {
  onchange: render,
  onworker: () => activity.render(),
  onunit: handleUnit,
  onerror: handleError,
  onforget: reset,
});
const startButton = new StartButton(language, controller, { subtitle: "subtitle.jobs", usage: "terms.usage" });
const choices = new Choices(language, controller);
const activity = new Activity(language, controller);
const errors = new ErrorList(byId("error-list"), language);
const client = new Client(root, { retries: { attempts: 2, firstDelay: 500 } });
const jobs = new JobList(client, language, controller, showJobs);
const flows = new FlowList(client, language);

function render() {
  const { state } = controller.preferences;
  for (const id of ["activity", "forget", "storage-terms"]) byId(id).hidden = state === "new";
  if (state === "paused") showNotice("");
  startButton.render();
  choices.render();
  activity.render();
}

/** @param {"" | "resumed" | "forgotten"} key */
function showNotice(key) {
  byId("notice").hidden = key === "";
  setText(byId("notice"), key && language.text(`notice.${key}`));
}

/** @param {import("../js/index.js").Document[]} loaded */
function showJobs(loaded) {
  startButton.setJobs(loaded);
  choices.addOwners(ownersOf(loaded));
}

/** @param {UnitEvent} unit */
function handleUnit(unit) {
  jobs.markChanged(unit.job);
  if (unit.outcome === "accepted") activity.addUnit();
  else showError({ ...unit, kind: unit.outcome, message: unit.reason });
}

/** @param {ErrorEvent} error */
function handleError(error) {
  if (!SHOWN_AS_STATUS.includes(error.kind)) showError(error);
}

/** @param {{kind: string, jobName?: string, message?: string}} error */
function showError(error) {
  errors.add(error);
  byId("errors").hidden = false;
}

function reset() {
  activity.reset();
  errors.clear();
  byId("errors").hidden = true;
  showNotice("forgotten");
}

function forget() {
  controller.forget();
  byId("toggle").focus(); // The button that had the focus is hidden now.
}

function start() {
  language.translate();
  byId("content").hidden = byId("embedding").hidden = false;
  byId("forget").addEventListener("click", forget);
  byId("toggle").addEventListener("click", () => showNotice(""));
  byId("embed-code").textContent = `<script src="${new URL("widget.js", root).href}" async></script>`;
  if (controller.resume()) showNotice("resumed");
  void jobs.load();
  void flows.load();
}

start();
