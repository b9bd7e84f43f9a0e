// The pool's page: puts its parts together.

import { Client } from "../js/index.js";
import { Choices } from "./choices.js";
import { find, say } from "./dom.js";
import { FlowList } from "./flow-list.js";
import { Jobs, ownersOf } from "./jobs.js";
import { Language } from "./languages.js";
import { Live } from "./live.js";
import { cores } from "./memory.js";
import { Start } from "./start.js";
import { Troubles } from "./troubles.js";
import { Volunteering } from "./volunteering.js";

const root = new URL(document.documentElement.dataset.root ?? "/", location.href).href;
const half = Math.max(1, Math.floor(cores() / 2));
const defaults = { owners: [], workers: half, throttle: 0.6, plugged: false, gpu: false };
/** @typedef {import("../js/lib/report.js").ErrorReport} ErrorReport */
/** @typedef {import("../js/lib/report.js").UnitReport} UnitReport */

/** Those that are no error of a job: the status says them. */
const SAID_OTHERWISE = ["platform", "cancelled"];

const language = new Language();
const volunteering = new Volunteering(root, "comp-pool", defaults, {
  onchange: draw,
  onworker: () => live.draw(),
  onunit: finished,
  onerror: failed,
  onforget: forgotten,
});
const start = new Start(language, volunteering, { whose: "whose.jobs", plan: "terms.plan" });
const choices = new Choices(language, volunteering);
const live = new Live(language, volunteering);
const troubles = new Troubles(find("trouble-list"), language);
const client = new Client(root, { patience: { attempts: 2, firstPause: 500 } });
const jobs = new Jobs(client, language, offer);
const flows = new FlowList(client, language);

function draw() {
  const { state } = volunteering.memory;
  for (const id of ["live", "forget", "remembered"]) find(id).hidden = state === "new";
  if (state === "paused") notice("");
  start.draw();
  choices.draw();
  live.draw();
}

/** @param {"" | "resumed" | "forgotten"} key */
function notice(key) {
  find("notice").hidden = key === "";
  say(find("notice"), key && language.text(`notice.${key}`));
}

/** @param {import("../js/index.js").Document[]} found */
function offer(found) {
  start.offer(found);
  choices.offer(ownersOf(found));
}

/** @param {UnitReport} unit */
function finished(unit) {
  jobs.changed(unit.job);
  if (unit.outcome === "accepted") live.add(unit);
  else complain({ ...unit, kind: unit.outcome, message: unit.reason });
}

/** @param {ErrorReport} error */
function failed(error) {
  if (!SAID_OTHERWISE.includes(error.kind)) complain(error);
}

/** @param {{kind: string, jobName?: string, message?: string}} trouble */
function complain(trouble) {
  troubles.add(trouble);
  find("troubles").hidden = false;
}

function forgotten() {
  live.forget();
  troubles.clear();
  find("troubles").hidden = true;
  notice("forgotten");
}

function forget() {
  volunteering.forget();
  find("toggle").focus(); // The button itself is gone now.
}

function begin() {
  language.translate();
  find("content").hidden = find("embedding").hidden = false;
  find("forget").addEventListener("click", forget);
  find("toggle").addEventListener("click", () => notice(""));
  find("embed").textContent = `<script src="${new URL("widget.js", root).href}" async></script>`;
  if (volunteering.resume()) notice("resumed");
  void jobs.load();
  void flows.load();
}

begin();
