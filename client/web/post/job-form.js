// The fields of a job: name, description, functions, settings; and where the pool's errors about them are shown.

import { byId, element } from "../dom.js";
import { Field, FieldErrors, input } from "../owning/field.js";
import { FUNCTIONS } from "../owning/functions.js";
import { SettingsForm } from "../owning/settings-form.js";
import { FunctionField } from "./function-field.js";
import { EXAMPLES } from "./templates.js";

/** @typedef {import("../languages.js").Language} Language */
/** @typedef {Record<string, any>} Values */

/** Those that most jobs have; the others are in a disclosure. */
const USUAL = ["execute_function", "validate_result"];
const DEFAULTS = { lease_seconds: 300, max_errors: 5, require_lease: true, lossy: false };

export class JobForm {
  #language;
  #name = input({ type: "text", maxlength: 200, required: true, autocomplete: "off" });
  #description = input({ type: "text", maxlength: 1000, autocomplete: "off" });
  #owner = input({ type: "text", maxlength: 200, autocomplete: "off" });
  /** @type {Record<string, FunctionField>} */
  #functions;
  #settings;
  #errors;
  /** The former job's, in a new version. @type {Values} */
  #metadata = {};
  replaces = "";

  /** @param {Language} language @param {Record<string, {showError: (text: string) => void, focus: () => void}>} others */
  constructor(language, others) {
    this.#language = language;
    const about = Object.fromEntries(Object.entries(this.#about).map(([name, control]) => {
      return [name, new Field(language.text(`post.${name}`), control, { help: language.text(`post.${name}.help`) })];
    }));
    this.#functions = Object.fromEntries(FUNCTIONS.map((name) => [name, new FunctionField(name, language)]));
    this.#settings = new SettingsForm(language);
    this.#settings.render(DEFAULTS, {});
    byId("about").append(...Object.values(about).map((field) => field.element));
    byId("settings").append(this.#settings.element);
    for (const [name, field] of Object.entries(this.#functions)) {
      byId(USUAL.includes(name) ? "functions" : "more-functions").append(field.element);
    }
    byId("examples").append(...Object.keys(EXAMPLES).map((name) => this.#example(name)));
    const metadata = { "metadata.short_description": about.description, "metadata.owner": about.owner };
    const fields = { name: about.name, ...metadata, ...this.#functions, ...this.#settings.fields, ...others };
    this.#errors = new FieldErrors(fields);
    this.#setFunctions(EXAMPLES.compute);
  }

  get #about() {
    return { name: this.#name, description: this.#description, owner: this.#owner };
  }

  /** @param {string} name */
  #example(name) {
    const button = element("button", { class: "button quiet", type: "button" }, this.#language.text(`post.example.${name}`));
    button.addEventListener("click", () => {
      this.#setFunctions(EXAMPLES[name]);
      byId("form").dispatchEvent(new Event("input"));
    });
    return button;
  }

  /** @param {Record<string, unknown>} functions */
  #setFunctions(functions) {
    for (const [name, field] of Object.entries(this.#functions)) field.value = String(functions[name] ?? "");
  }

  /** @returns {Record<string, string>} */
  get functions() {
    const given = Object.entries(this.#functions).filter(([, field]) => field.value !== "");
    return Object.fromEntries(given.map(([name, field]) => [name, field.value]));
  }

  get settings() {
    return this.#settings.settings;
  }

  get requirements() {
    return this.#settings.requirements;
  }

  /** What is posted. @returns {Values} */
  get job() {
    const name = this.#name.value.trim();
    const [description, owner] = [this.#description.value.trim(), this.#owner.value.trim()];
    const texts = description ? { ...this.#metadata.short_description, [this.#language.tag]: description } : undefined;
    const { name: _, ...metadata } = this.#metadata;
    return {
      name,
      metadata: { ...metadata, ...(owner && { owner }), ...(texts && { short_description: texts }) },
      ...this.functions,
      settings: this.settings,
      requirements: this.requirements,
      ...(this.replaces && { replaces: this.replaces }),
    };
  }

  get draft() {
    const about = Object.fromEntries(Object.entries(this.#about).map(([name, control]) => [name, control.value]));
    const { functions, settings, requirements, replaces } = this;
    return { ...about, functions, settings, requirements, replaces, metadata: this.#metadata };
  }

  /** @param {Values} draft */
  set draft({ functions, settings, requirements, replaces, metadata, ...about }) {
    for (const [name, control] of Object.entries(this.#about)) control.value = about[name] ?? "";
    this.#setFunctions(functions ?? {});
    this.#settings.render({ ...DEFAULTS, ...settings }, requirements ?? {});
    this.#metadata = metadata ?? {};
    this.replaces = replaces ?? "";
  }

  /** Begins a new version of a job, as its owner sees it. @param {Values} job @param {string} name of the new one */
  renderVersion(job, name) {
    const description = this.#language.bestOf(job.metadata.short_description)?.text ?? "";
    const { settings, requirements, metadata } = job;
    const about = { name, description, owner: metadata.owner ?? "" };
    this.draft = { ...about, functions: job, settings, requirements, metadata, replaces: job.id };
  }

  clearErrors() {
    this.#errors.clear();
  }

  /** Whether a field of this path exists. @param {string} path @param {string} text */
  showError(path, text) {
    return this.#errors.show(path, text);
  }
}
