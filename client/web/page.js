// The front page: creates its parts and connects them.

import { Client } from "../js/index.js";
import { Activity } from "./activity.js";
import { Choices } from "./choices.js";
import { CreditSection } from "./credit/credit.js";
import { byId, onceASecond, setText } from "./dom.js";
import { ErrorList } from "./errors.js";
import { FlowList } from "./flow/list.js";
import { JobList, ownersOf } from "./job-list.js";
import { Language } from "./languages.js";
import { OwnVariables } from "./own-variables.js";
import { followPool } from "./pool-now.js";
import { cores } from "./preferences.js";
import { RenderConsent } from "./render/consent.js";
import { TEXTS as RENDER_TEXTS } from "./render/texts/index.js";
import { ResultPanel } from "./result-panel.js";
import { StartButton } from "./start-button.js";
import { VolunteerController } from "./volunteer-controller.js";

/** @typedef {import("../js/lib/status.js").ErrorEvent} ErrorEvent */
/** @typedef {import("../js/lib/status.js").UnitEvent} UnitEvent */

const root = new URL(document.documentElement.dataset.root ?? "/", location.href).href;
const half = Math.max(1, Math.floor(cores() / 2));
const defaults = { owners: [], workers: half, throttle: 0.6, plugged: false, gpu: false, pins: {} };
/** Kinds that the list of errors leaves out: the status already shows them. */
const SHOWN_AS_STATUS = ["platform", "cancelled"];
/** On narrower screens what is long is folded, in CSS as well. */
const IS_WIDE = matchMedia("(min-width: 40rem)").matches;

const language = new Language(RENDER_TEXTS);
const controller = new VolunteerController(root, "comp-pool", defaults, {
  onchange: render,
  onworker: renderWorkers,
  onunit: handleUnit,
  onerror: handleError,
  onforget: reset,
});
const startButton = new StartButton(language, controller, { subtitle: "subtitle.jobs", usage: "terms.usage" });
const choices = new Choices(language, controller);
const errors = new ErrorList(byId("error-list"), language);
const client = new Client(root, { retries: { attempts: 2, firstDelay: 500 } });
const own = new OwnVariables("comp-pool variables");
const parts = {
  client,
  language,
  sandbox: async () => (await client.root()).link("sandbox"),
  isMine: (/** @type {string} */ job, /** @type {string} */ variable) => own.has(job, variable),
  consent: new RenderConsent(() => controller.preferences.state === "running"),
};
const jobs = new JobList(parts, controller, showJobs);
const result = new ResultPanel(parts);
const activity = new Activity(language, controller, (id, name) => jobs.titleOf(id, name));
const credit = new CreditSection(root, controller);
const flows = new FlowList(client, language);
/** Units of this browser that the jobs don't show yet, by job. @type {Map<string, number>} */
const fresh = new Map();
/** @type {string} */
let shownState = controller.preferences.state;
const renderActive = onceASecond(() => {
  const computing = controller.workers.filter(({ state }) => state === "computing");
  jobs.setActive(new Set(computing.map(({ job }) => job)));
});
const showOwn = onceASecond(() => {
  for (const [job, count] of fresh) {
    jobs.addOwn(job, count);
    result.follow(job);
  }
  fresh.clear();
});

function render() {
  const { state } = controller.preferences;
  for (const id of ["activity", "forget", "storage-terms"]) byId(id).hidden = state === "new";
  byId("terms").hidden = state !== "new";
  if (state === "paused") showNotice("");
  startButton.render();
  choices.render();
  renderWorkers();
  credit.render();
  if (state === shownState) return;
  shownState = state;
  parts.consent.notify();
}

function renderWorkers() {
  activity.render();
  renderActive();
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
  result.setJobs(loaded);
}

/** @param {import("./pool-now.js").JobStatus[]} active */
function showStatus(active) {
  jobs.setStatus(active);
  result.setStatus(active);
}

/** @param {UnitEvent} unit */
function handleUnit(unit) {
  if (unit.outcome === "accepted") addOwn(unit);
  else showError({ ...unit, kind: unit.outcome, message: unit.reason });
}

/** @param {UnitEvent} unit */
function addOwn({ job, variable }) {
  own.add(job, variable);
  activity.addUnit();
  credit.markChanged();
  fresh.set(job, (fresh.get(job) ?? 0) + 1);
  showOwn();
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
  own.forget();
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
  for (const id of ["choices-fold", "jobs", "found"]) byId(id).open = IS_WIDE;
  if (controller.resume()) showNotice("resumed");
  void jobs.load();
  void flows.load();
  void followStatus();
}

/** An older pool has none. */
async function followStatus() {
  const document = await client.root().catch(() => null);
  if (document?.has("status")) followPool(document.link("status"), language, showStatus);
}

start();
