// The page in the widget's frame on other sites, and in the window in which it asks for consent: the front page's
// consent and status in a small space.

import { Client } from "../js/index.js";
import { ConsentRequest, ConsentWindow, Foreground } from "./consent.js";
import { byId, onceASecond, setText } from "./dom.js";
import { Language } from "./languages.js";
import { StartButton } from "./start-button.js";
import { View } from "./view.js";
import { VolunteerController } from "./volunteer-controller.js";
import { WidgetPicture } from "./widget-picture.js";

const MAX_JOBS = 100;

const root = new URL(document.documentElement.dataset.root ?? "/", location.href).href;
const query = new URLSearchParams(location.search);
const owners = query.getAll("owner");
const key = `comp-pool-widget ${JSON.stringify(owners)}`;
const isFramed = window.top !== window;
const asking = ConsentWindow.isOpen ? new ConsentWindow() : null;
const throttle = asking?.presetThrottle(0.2) ?? 0.2;
const defaults = { owners, workers: 1, throttle, plugged: false, gpu: false, pins: {} };

const language = new Language();
const pictured = query.get("picture");
const picture = pictured && !asking ? new WidgetPicture(root, pictured, key) : null;
const renderUnitsSoon = onceASecond(renderUnits);
const listener = {
  onchange: render,
  onworker: () => {},
  /** @param {import("../js/lib/status.js").UnitEvent} unit */
  onunit: (unit) => unit.outcome === "accepted" && addUnit(unit),
  onerror: () => {},
  onforget: () => picture?.forget(),
};
// The window that asks has preferences of its own: what this browser stores for the frame is the frame's.
const isUnseen = isFramed || asking !== null;
const controller = new VolunteerController(root, asking ? `${key} ask` : key, defaults, listener, isUnseen);
const texts = { subtitle: "widget.subtitle", usage: "widget.usage", status: isFramed ? { new: "widget.new" } : {} };
const startButton = new StartButton(language, controller, texts, isFramed ? startInFrame : startInWindow);
const request = new ConsentRequest(key, takeConsent);
const foreground = new Foreground();
/** Made once there is a consent that a hidden frame must not act on. @type {View | null} */
let view = null;

function render() {
  if (isFramed && controller.preferences.state !== "new") view ??= new View(byId("toggle"), () => controller.markSeen());
  const isNew = controller.preferences.state === "new";
  const isAsked = !byId("notice").hidden;
  byId("forget").hidden = isNew;
  byId("share").hidden = isFramed && isNew; // It is asked for in the window.
  byId("state").hidden = isFramed && isNew && isAsked;
  byId("throttle").value = Math.round(controller.preferences.settings.throttle * 100);
  startButton.render();
  picture?.render(controller.preferences.state);
  renderUnits();
}

/** @param {import("../js/lib/status.js").UnitEvent} unit */
function addUnit(unit) {
  picture?.add(unit);
  renderUnitsSoon();
}

function renderUnits() {
  const count = controller.preferences.totals.units;
  byId("units").hidden = count === 0;
  setText(byId("units"), language.text("widget.units", { count }));
}

/** @param {string} hint key of a text, empty for none @param {string} [address] of a link below it */
function showHint(hint, address) {
  byId("notice").hidden = hint === "";
  setText(byId("hint"), hint && language.text(hint));
  byId("ask-link").hidden = address === undefined;
  byId("ask-link").href = address ?? "";
}

/** After an earlier consent it suffices that the widget is in view. */
const mayDecideInFrame = () => controller.preferences.state !== "new" && view?.isSeen;

function startInFrame() {
  if (mayDecideInFrame()) controller.start();
  else ask(controller.preferences.settings.throttle);
}

/** @param {number} share */
function ask(share) {
  request.open(share);
  showHint("widget.asked", request.address(share));
  render();
}

/** @param {import("./consent.js").Consent} consent */
function takeConsent(consent) {
  showHint("");
  controller.changeSettings({ throttle: consent.throttle });
  controller.start();
}

function startInWindow() {
  if (!foreground.isSettled) showHint("widget.again");
  else if (asking) void giveConsent(asking);
  else startHere();
}

function startHere() {
  showHint("");
  controller.start();
}

/** @param {ConsentWindow} asked */
async function giveConsent(asked) {
  const isTaken = await asked.give({ key, throttle: controller.preferences.settings.throttle });
  if (!isTaken) {
    startHere();
    return;
  }
  showHint("widget.given"); // Some browsers don't let a page close its window.
  window.close();
}

/** A share that grows needs consent; the slider moves back until that is given. @param {Event} event */
function changeThrottle({ type }) {
  const share = Number(byId("throttle").value) / 100;
  const { preferences } = controller;
  const isConsentNeeded = isFramed && preferences.state !== "new" && share > preferences.settings.throttle;
  if (!isConsentNeeded || mayDecideInFrame()) controller.changeSettings({ throttle: share });
  else if (type === "change") ask(share);
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
  if (asking) byId("intro").dataset.text = "widget.ask";
  language.translate();
  setText(byId("page-link"), language.text("widget.page"));
  byId("page-link").setAttribute("aria-label", language.text("widget.page.label"));
  setText(byId("ask-link"), language.text("widget.open", { host: location.host }));
  byId("ask-link").setAttribute("aria-label", language.text("widget.open.label", { host: location.host }));
  byId("content").hidden = false;
  byId("forget").addEventListener("click", forget);
  for (const type of ["input", "change"]) byId("throttle").addEventListener(type, changeThrottle);
  if (asking) render();
  else controller.resume();
  void loadJobs();
}

start();
