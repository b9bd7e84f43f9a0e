// The operator's page: asks for the operator's key, loads the figures with it, and connects the parts of the page.

import { Document } from "../../js/lib/document.js";
import { messageOf } from "../../js/lib/errors.js";
import { Transport } from "../../js/lib/transport.js";
import { byId, setText } from "../dom.js";
import { KeyForm } from "../key-form.js";
import { isolate, Language } from "../languages.js";
import { OwnerKey } from "../owner-key.js";
import { Poller } from "../poller.js";
import { Blocks } from "./blocks.js";
import { OperatorFigures } from "./figures.js";
import { Names } from "./names.js";
import { Review } from "./review.js";
import { TEXTS } from "./texts/index.js";

/** In milliseconds. */
const INTERVAL = 5_000;
const MAX_INTERVAL = 60_000;
const TIMEOUT = 30_000;
const REFUSALS = [401, 403];

const root = new URL(document.documentElement.dataset.root ?? "/", location.href);
const address = location.origin + location.pathname;
const language = new Language(TEXTS);
const key = new OwnerKey(root.pathname);
const form = new KeyForm(submit, forget);
const blocks = new Blocks(language, send, load);
const figures = new OperatorFigures(language, (target) => blocks.ask(target));
const names = new Names(language, send);
const review = new Review(language, approve);
/** @type {Poller | undefined} */
let poller;

function load() {
  poller?.stop();
  const options = { interval: INTERVAL, maxInterval: MAX_INTERVAL, refusals: REFUSALS, headers: key.headers };
  poller = new Poller(address, options, {
    ondocument: render,
    onrecover: () => {},
    onfailure: () => showStatus("offline"),
    onrefusal: refuse,
  });
  poller.start();
}

/** @param {Record<string, any>} content */
function render(content) {
  const operator = new Document(address, content);
  figures.render(operator);
  review.render(operator);
  blocks.render(operator);
  names.render(operator);
  byId("content").hidden = false;
  key.keep();
  form.hide();
  showStatus("loaded");
}

/** @param {number} status @param {{detail?: string}} problem */
function refuse(status, { detail = "" }) {
  byId("content").hidden = true;
  if (status === 401) key.forget();
  form.ask(true);
  showStatus(String(status), { message: isolate(detail) });
}

/** @param {string} text */
function submit(text) {
  if (!key.use(text)) return refuse(401, {});
  showStatus("loading");
  load();
}

function forget() {
  poller?.stop();
  byId("content").hidden = true;
  key.forget();
  form.ask(false);
  showStatus("forgotten");
}

/**
 * With the operator's key.
 * @param {string} method @param {string} target @param {object} [body]
 * @returns {Promise<any>} the response's document
 */
async function send(method, target, body) {
  const transport = new Transport(root.href, key.headers, { timeout: TIMEOUT, retries: { attempts: 2 } });
  const response = await transport.send(method, target, { body: body && JSON.stringify(body) });
  return response.document;
}

/** @param {string} job its address */
async function approve(job) {
  try {
    await send("PATCH", job, { state: "open" });
    byId("name").focus();
    return true;
  } catch (ex) {
    showStatus("failed", { message: isolate(messageOf(ex)) });
    return false;
  }
}

/** @param {string} status @param {Record<string, string>} [values] */
function showStatus(status, values) {
  document.documentElement.dataset.operator = status;
  setText(byId("status"), language.text(`operator.status.${status}`, values));
}

function start() {
  language.translate();
  document.title = language.text("operator.heading");
  if (key.isKnown) {
    form.hide();
    load();
  } else {
    form.show();
    showStatus("key");
  }
}

start();
