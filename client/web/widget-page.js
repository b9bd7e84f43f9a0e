// The page in the widget's frame on other sites: the front page's consent and status in a small space.

import { Client } from "../js/index.js";
import { byId, setText } from "./dom.js";
import { Language } from "./languages.js";
import { StartButton } from "./start-button.js";
import { VolunteerController } from "./volunteer-controller.js";

const MAX_JOBS = 100;

const root = new URL(document.documentElement.dataset.root ?? "/", location.href).href;
const owners = new URLSearchParams(location.search).getAll("owner");
const defaults = { owners, workers: 1, throttle: 0.2, plugged: false, gpu: false };
/** One key per set of owners: consent to computing for some is none for others. */
const key = `comp-pool-widget ${JSON.stringify(owners)}`;

const language = new Language();
const controller = new VolunteerController(root, key, defaults, {
  onchange: render,
  onworker: () => {},
  onunit: ({ outcome }) => outcome === "accepted" && renderUnits(),
  onerror: () => {},
  onforget: () => {},
});
const startButton = new StartButton(language, controller, { subtitle: "widget.subtitle", usage: "widget.usage" });

function render() {
  byId("forget").hidden = controller.preferences.state === "new";
  byId("throttle").value = Math.round(controller.preferences.settings.throttle * 100);
  startButton.render();
  renderUnits();
}

function renderUnits() {
  const count = controller.preferences.totals.units;
  byId("units").hidden = count === 0;
  setText(byId("units"), language.text("widget.units", { count }));
}

function changeThrottle() {
  controller.changeSettings({ throttle: Number(byId("throttle").value) / 100 });
}

/** Loads as many jobs as the subtitle needs. */
async function loadJobs() {
  const jobs = [];
  try {
    for await (const job of new Client(root, { retries: { attempts: 2, firstDelay: 500 } }).jobs()) {
      if (jobs.push(job) >= MAX_JOBS) break;
    }
  } finally {
    startButton.setJobs(jobs);
  }
}

function forget() {
  controller.forget();
  byId("toggle").focus(); // The button that had the focus is hidden now.
}

function start() {
  language.translate();
  setText(byId("page-link"), language.text("widget.page"));
  byId("page-link").setAttribute("aria-label", language.text("widget.page.label"));
  byId("content").hidden = false;
  byId("forget").addEventListener("click", forget);
  byId("throttle").addEventListener("input", changeThrottle);
  controller.resume();
  void loadJobs();
}

start();
