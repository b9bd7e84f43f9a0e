// The form that posts a job: its fields, a trial in this browser, and then the posting, which can be continued.

import { Client } from "../../js/index.js";
import { Document } from "../../js/lib/document.js";
import { Blocked, messageOf, PoolError } from "../../js/lib/errors.js";
import { byId, element, setText } from "../dom.js";
import { isolate, Language } from "../languages.js";
import { OwnerKey } from "../owner-key.js";
import { Field, input } from "../owning/field.js";
import { InputsForm } from "../owning/inputs-form.js";
import { InputError } from "../owning/inputs.js";
import { TEXTS as OWNING } from "../owning/texts/index.js";
import { TEXTS as RENDER } from "../render/texts/index.js";
import { Draft } from "./draft.js";
import { JobForm } from "./job-form.js";
import { placeOf, Posting } from "./posting.js";
import { TEXTS } from "./texts/index.js";
import { TrialPanel } from "./trial-panel.js";
import { TrialPicture } from "./trial-picture.js";
import { Trial } from "./trial.js";

const root = new URL(document.documentElement.dataset.root ?? "/", location.href);
const texts = Object.entries(TEXTS).map(([tag, own]) => [tag, { ...OWNING[tag], ...RENDER[tag], ...own }]);
const language = new Language(Object.fromEntries(texts));
/** The job of which this is a new version. */
const replaced = new URLSearchParams(location.search).get("replaces");
const key = new OwnerKey(root.pathname);
const draft = new Draft(root.pathname);
const rootDocument = new Client(root, { retries: { attempts: 2, firstDelay: 500 } }).root().catch(() => null);
const keyInput = input({ type: "password", autocomplete: "off", spellcheck: "false" });
const keyField = new Field(language.text("post.key"), keyInput, { help: language.text("post.key.help") });
const inputs = new InputsForm(language, ["range", "list", "file", "none"]);
const form = new JobForm(language, { variable: inputs, key: keyField });
/** @type {Posting | undefined} */
let posting;
let isDone = false;

/** @param {string} name @param {Record<string, string | number>} [values] */
const text = (name, values) => language.text(`post.${name}`, values);

async function poolDocument() {
  const found = await rootDocument;
  if (found === null) throw new Error(text("offline"));
  return found;
}

function readTrial() {
  const { functions, settings, requirements } = form;
  const { lossy, lease_seconds: seconds } = settings;
  const job = { functions, lossy, gpu: requirements.webgpu === true, seconds };
  return { job, inputs: inputs.read() };
}

/** @param {Event} event */
async function submit(event) {
  event.preventDefault();
  if (isDone) return;
  form.clearErrors();
  byId("problem").hidden = true;
  try {
    const given = readInputs();
    if (keyInput.value !== "" && !key.use(keyInput.value.trim())) throw new FieldError("key", text("key.invalid"));
    if (form.job.name === "") throw new FieldError("name", text("name.missing"));
    setBusy(true);
    posting ??= new Posting(await poolDocument(), draft.read()?.posting);
    keepDraft();
    await posting.run(form.job, given, key.value, (posted) => renderProgress(posted, given?.count ?? 0));
    finish(given?.count ?? 0);
  } catch (ex) {
    showProblem(ex);
  } finally {
    setBusy(false);
  }
}

/** An error of this page's, at a field. */
class FieldError extends Error {
  /** @param {string} field @param {string} message */
  constructor(field, message) {
    super(message);
    this.field = field;
  }
}

function readInputs() {
  try {
    return inputs.read();
  } catch (ex) {
    if (!(ex instanceof InputError)) throw ex;
    throw new FieldError("variable", language.text(`owning.inputs.error.${ex.reason}`, ex.values));
  }
}

/** @param {unknown} ex */
function showProblem(ex) {
  const { field, line } = ex instanceof FieldError ? { field: ex.field, line: 0 } : placeOf(ex);
  const isPosted = posting?.job !== undefined;
  const message = ex instanceof PoolError ? ex.detail || ex.title : messageOf(ex);
  const number = (posting?.posted ?? 0) + line;
  const shown = line ? text("unit.refused", { number, message: isolate(message) }) : message;
  // What was refused is not what will be posted next.
  if (line) posting?.dropInputs();
  const isAboutKey = ex instanceof PoolError && [401, 403].includes(ex.status) && !(ex instanceof Blocked);
  if (isAboutKey) askForKey();
  const isShown = form.showError(isAboutKey ? "key" : field, shown);
  const more = isPosted ? ` ${text(line ? "problem.inputs" : "problem.goes-on")}` : "";
  setText(byId("problem"), `${isShown ? text("problem.field", { message: shown }) : shown}${more}`);
  byId("problem").hidden = false;
  if (isPosted) setText(byId("submit"), text("continue"));
}

/** In place of the one that the tab has kept. */
function askForKey() {
  key.forget();
  keyField.element.hidden = false;
  byId("forget").hidden = true;
}

/** @param {number} posted @param {number} count */
function renderProgress(posted, count) {
  byId("progress").hidden = false;
  byId("bar").max = Math.max(count, 1);
  byId("bar").value = count === 0 ? 1 : posted;
  setText(byId("progress-status"), text("progress", { posted, count }));
  // The job itself is stored.
  for (const section of document.querySelectorAll(".of-job")) section.setAttribute("inert", "");
  showKey();
  renderWatch();
}

/** As soon as it is known: the pool shows it in no other response. */
function showKey() {
  const { job, key: own } = /** @type {Posting} */ (posting);
  if (own === "" || job === undefined || !byId("new-key").hidden) return;
  const ofJob = new OwnerKey(root.pathname, new URL(job.link("self")).pathname);
  ofJob.use(own);
  ofJob.keep();
  const shown = input({ type: "text", readonly: true, value: own, class: "key-shown", "aria-label": text("new-key") });
  const copy = element("button", { class: "button", type: "button" }, text("new-key.copy"));
  copy.addEventListener("click", async () => {
    shown.select();
    await navigator.clipboard?.writeText(own).then(() => setText(copy, text("new-key.copied"))).catch(() => {});
  });
  byId("new-key").append(element("p", {}, element("strong", {}, text("new-key"))), element("p", {}, text("new-key.help")));
  byId("new-key").append(element("div", { class: "row" }, shown, copy));
  byId("new-key").hidden = false;
}

function renderWatch() {
  const { job } = /** @type {Posting} */ (posting);
  if (job === undefined || !byId("watch").hidden) return;
  byId("watch").setAttribute("href", job.link("self"));
  byId("watch").hidden = false;
}

/** @param {number} count */
function finish(count) {
  isDone = true;
  if (key.isKnown) key.keep();
  draft.remove();
  const review = posting?.review;
  setText(byId("progress-status"), review ? text("done.review") : text("done", { count }));
  for (const id of ["submit", "who", "key-field", "forget"]) byId(id).hidden = true;
  byId("bar").hidden = Boolean(review);
  byId("watch").focus();
}

/** @param {boolean} isBusy */
function setBusy(isBusy) {
  byId("submit").disabled = isBusy;
  byId("form").setAttribute("aria-busy", String(isBusy));
}

function keepDraft() {
  if (!isDone) draft.write({ job: form.draft, inputs: inputs.draft, posting: posting?.id });
}

/** A new version of a job: its owner's key shows the functions. @param {string} id */
async function loadVersion(id) {
  const client = new Client(root, { key: key.value, retries: { attempts: 2, firstDelay: 500 } });
  const job = await client.job(id).catch((ex) => ex);
  if (!(job instanceof Document)) return showProblem(job);
  form.renderVersion(job.content, nextName(String(job.content.name)));
  inputs.draft = { way: "none" };
  renderReplaces(id);
}

/** Squares, Squares 2, Squares 3. @param {string} name */
function nextName(name) {
  const [, base, number] = /^(.*?)(?: (\d{1,6}))?$/s.exec(name) ?? [];
  return `${base} ${Number(number ?? 1) + 1}`;
}

/** @param {string} id */
function renderReplaces(id) {
  byId("replaces").hidden = id === "";
  setText(byId("replaces"), text("replaces", { job: isolate(id) }));
}

async function renderPosting() {
  const found = await rootDocument;
  const who = found === null ? "offline" : found.content.posting ?? "key";
  setText(byId("who"), text(found === null ? "offline" : `who.${who}`));
  keyInput.required = who === "key";
  if (who !== "key") keyField.setLabel(text("key.optional"));
}

function start() {
  language.translate();
  document.title = text("heading");
  byId("inputs").append(inputs.element);
  byId("key-field").append(keyField.element);
  keyField.element.hidden = key.isKnown;
  byId("forget").hidden = !key.isKnown;
  byId("forget").addEventListener("click", () => {
    askForKey();
    keyField.focus();
  });
  const kept = draft.read();
  if (replaced !== null && kept?.job?.replaces !== replaced) void loadVersion(replaced);
  else if (kept) restore(kept);
  const picture = new TrialPicture(language, async () => (await poolDocument()).link("sandbox"));
  new TrialPanel(new Trial(poolDocument), picture, language, readTrial);
  byId("form").addEventListener("submit", submit);
  byId("form").addEventListener("input", keepDraft);
  byId("content").hidden = false;
  void renderPosting();
}

/** @param {any} kept */
function restore({ job, inputs: kept }) {
  if (job) form.draft = job;
  if (kept) inputs.draft = kept;
  renderReplaces(form.replaces);
}

start();
