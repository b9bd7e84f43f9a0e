// The owner's actions on a job: pause and resume, a new version, settings, units from a file, failed units, deletion.
// They appear with the key that opens the job, and are gone without it.

import { Document } from "../../../js/lib/document.js";
import { messageOf, PoolError } from "../../../js/lib/errors.js";
import { byId, element, setText } from "../../dom.js";
import { isolate, Language } from "../../languages.js";
import { FieldErrors } from "../../owning/field.js";
import { SettingsForm } from "../../owning/settings-form.js";
import { TEXTS } from "../../owning/texts/index.js";
import { AddUnits } from "./add-units.js";
import { DeleteDialog } from "./delete-dialog.js";
import { OwnerRequests } from "./requests.js";
import { JobSource } from "./source.js";
import { UnitList } from "./unit-list.js";
import { WithdrawUnits } from "./withdraw-units.js";

/** @typedef {import("../../job-errors/page.js").JobErrors} JobErrors */
/** Runs an action, and says how it ended. @typedef {(done: string, act: () => Promise<unknown>) => Promise<boolean>} Act */

export class OwnerActions {
  #root;
  #address;
  #headers;
  #language = new Language(TEXTS);
  #section = byId("owner-actions");
  #source = new JobSource();
  #status = element("p", { class: "help", role: "status", dir: "auto" });
  /** @type {Document | undefined} */
  #job;
  /** @type {OwnerRequests | undefined} */
  #requests;
  #toggle = element("button", { class: "button", type: "button" });
  #version = element("a", { class: "button" });
  #settings = new SettingsForm(this.#language);
  #settingErrors = new FieldErrors(this.#settings.fields);
  #failed;
  #stuck;
  #units;
  #withdraw;
  #delete;

  /**
   * @param {URL} root of the pool @param {string} address of the job
   * @param {() => Record<string, string>} headers with the key @param {() => void} ondelete
   */
  constructor(root, address, headers, ondelete) {
    this.#root = root;
    this.#address = address;
    this.#headers = headers;
    this.#failed = new UnitList("failed", this.#language, this.#act, () => this.#need());
    this.#stuck = new UnitList("stuck", this.#language, this.#act, () => this.#need());
    this.#units = new AddUnits(this.#language, this.#act, () => this.#need(), () => this.#jobDocument());
    this.#withdraw = new WithdrawUnits(this.#language, this.#act, () => this.#need(), () => this.#jobDocument());
    this.#delete = new DeleteDialog(this.#language, this.#act, () => this.#need(), ondelete);
    this.#build();
  }

  /** @param {string} key @param {Record<string, string | number>} [values] */
  #text = (key, values) => this.#language.text(`owning.${key}`, values);

  #build() {
    this.#toggle.addEventListener("click", () => void this.#changeState());
    setText(this.#version, this.#text("version"));
    const save = element("button", { class: "button", type: "submit" }, this.#text("settings.save"));
    const form = element("form", { class: "fields", novalidate: true }, this.#settings.element, element("div", {}, save));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#saveSettings();
    });
    const buttons = element("div", { class: "actions" }, this.#toggle, this.#version, this.#delete.button);
    this.#section.replaceChildren(buttons, this.#status, this.#failed.element, this.#stuck.element);
    this.#section.append(
      this.#disclosure("units", this.#units.element),
      this.#disclosure("withdraw.units", this.#withdraw.element),
      this.#disclosure("settings", form),
    );
    this.#section.append(this.#delete.element);
  }

  /** @param {string} key @param {HTMLElement} content */
  #disclosure(key, content) {
    return element("details", {}, element("summary", {}, this.#text(key)), content);
  }

  /** With the key that has opened the errors. @param {JobErrors} errors */
  render(errors) {
    this.#failed.render(errors.failed ?? [], errors._links.variable, this.#address);
    this.#stuck.render(errors.stuck, errors._links.variable, this.#address);
    this.#renderState(errors.state);
    if (this.#requests === undefined) void this.#load();
  }

  async #load() {
    this.#requests = new OwnerRequests(this.#root.href, this.#address, this.#headers());
    const job = await this.#requests.job().catch(() => undefined);
    // The key may have been forgotten meanwhile.
    if (job === undefined || this.#requests === undefined) return this.clear();
    this.#job = job;
    this.#renderSettings();
    this.#source.render(job.content);
    this.#renderState(job.content.state);
    // What was posted without a key can't be replaced: the pool knows no owner of both.
    this.#version.hidden = this.#isOfOneJob;
    const form = new URL("post", this.#root);
    form.searchParams.set("replaces", job.content.id);
    this.#version.setAttribute("href", form.href);
    this.#section.hidden = false;
  }

  get #isOfOneJob() {
    return /^Bearer posted\./.test(this.#headers().Authorization ?? "");
  }

  /** Nothing may stay on the page that the key has opened. */
  clear() {
    this.#job = this.#requests = undefined;
    setText(this.#status, "");
    this.#source.clear();
    this.#section.hidden = true;
  }

  #need() {
    if (this.#requests === undefined) throw new Error("no key");
    return this.#requests;
  }

  #jobDocument() {
    if (this.#job === undefined) throw new Error("no job");
    return this.#job;
  }

  /** @param {string} state */
  #renderState(state) {
    this.#toggle.dataset.state = state;
    // The operator alone agrees to a job in review.
    this.#toggle.hidden = state === "review";
    setText(this.#toggle, this.#text(state === "paused" ? "resume" : "pause"));
  }

  async #changeState() {
    const state = this.#toggle.dataset.state === "paused" ? "open" : "paused";
    const isDone = await this.#act(this.#text(`${state}.done`), () => this.#need().patch({ state }));
    if (!isDone) return;
    this.#renderState(state);
    await this.#reload();
  }

  async #saveSettings() {
    this.#settingErrors.clear();
    const job = this.#jobDocument();
    const patch = this.#settings.patch(job.content);
    const isDone = await this.#act(this.#text("settings.done"), () => this.#need().patch(patch, job), this.#settingErrors);
    await this.#reload();
    if (!isDone) return;
    this.#renderSettings();
    this.#source.render(this.#jobDocument().content);
  }

  /** What a patch is made of. Settings that were changed in the form stay there. */
  async #reload() {
    this.#job = await this.#need().job().catch(() => this.#job);
  }

  #renderSettings() {
    const { settings, requirements } = this.#jobDocument().content;
    this.#settings.render(settings, requirements);
  }

  /**
   * Runs an action and says how it ended: an error at its field, if there is one, else in the status.
   * @param {string} done @param {() => Promise<unknown>} act @param {FieldErrors} [fields]
   */
  #act = async (done, act, fields) => {
    setText(this.#status, this.#text("working"));
    try {
      await act();
      setText(this.#status, done);
      return true;
    } catch (ex) {
      const isRefused = ex instanceof PoolError;
      const text = isRefused ? ex.detail || ex.title : messageOf(ex);
      const isShown = isRefused && fields?.show(ex.field, text);
      setText(this.#status, isShown ? "" : this.#text("failed", { message: isolate(text) }));
      return false;
    }
  };
}
