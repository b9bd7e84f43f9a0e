// What the widget's frame shows on another site: the page's consent and course of things, in little room.

import { Client } from "../js/index.js";
import { find, say } from "./dom.js";
import { Language } from "./languages.js";
import { Start } from "./start.js";
import { Volunteering } from "./volunteering.js";

const LOOKED_THROUGH = 100;

const root = new URL(document.documentElement.dataset.root ?? "/", location.href).href;
const owners = new URLSearchParams(location.search).getAll("owner");
const defaults = { owners, workers: 1, throttle: 0.2, plugged: false, gpu: false };
/** Consent is to computing for these owners, and for no others. */
const key = `comp-pool-widget ${JSON.stringify(owners)}`;

const language = new Language();
const volunteering = new Volunteering(root, key, defaults, {
  onchange: draw,
  onworker: () => {},
  onunit: ({ outcome }) => outcome === "accepted" && drawUnits(),
  onerror: () => {},
  onforget: () => {},
});
const start = new Start(language, volunteering, { whose: "widget.whose", plan: "widget.plan" });

function draw() {
  find("forget").hidden = volunteering.memory.state === "new";
  find("throttle").value = Math.round(volunteering.memory.settings.throttle * 100);
  start.draw();
  drawUnits();
}

function drawUnits() {
  const count = volunteering.memory.totals.units;
  find("units").hidden = count === 0;
  say(find("units"), language.text("widget.units", { count }));
}

function choose() {
  volunteering.choose({ throttle: Number(find("throttle").value) / 100 });
}

/** A few of the pool's jobs are enough to say what would be computed. */
async function offer() {
  const jobs = [];
  try {
    for await (const job of new Client(root, { patience: { attempts: 2, firstPause: 500 } }).jobs()) {
      if (jobs.push(job) >= LOOKED_THROUGH) break;
    }
  } finally {
    start.offer(jobs);
  }
}

function forget() {
  volunteering.forget();
  find("toggle").focus(); // The button itself is gone now.
}

function begin() {
  language.translate();
  say(find("page-link"), language.text("widget.page"));
  find("page-link").setAttribute("aria-label", language.text("widget.page.label"));
  find("content").hidden = false;
  find("forget").addEventListener("click", forget);
  find("throttle").addEventListener("input", choose);
  volunteering.resume();
  void offer();
}

begin();
