// The settings and requirements of a job, as its owner chooses them.

import { element } from "../dom.js";
import { Field, input, select } from "./field.js";

/** @typedef {import("../languages.js").Language} Language */
/** @typedef {Record<string, any>} Values */

const NUMBERS = { lease_seconds: [1, 30 * 86_400], max_errors: [1, 100] };
const FLAGS = ["require_lease", "lossy"];
const POLICIES = ["none", "validator", "audit", "quorum", "adaptive"];
const REQUIREMENTS = ["wasm", "wasm_simd", "webgpu", "browser_syntax"];

export class SettingsForm {
  #numbers;
  #flags;
  #requirements;
  #memory = input({ type: "number", min: 1, max: 65_536, inputmode: "numeric" });
  #policy;
  /** Of a policy that is kept: numbers that this form does not show. @type {Values} */
  #trust = {};

  /** @param {Language} language */
  constructor(language) {
    const text = (/** @type {string} */ key) => language.text(`owning.${key}`);
    this.#numbers = Object.entries(NUMBERS).map(([name, [min, max]]) => {
      const control = input({ type: "number", min, max, step: name === "max_errors" ? 1 : "any", required: true });
      return { name, control, field: new Field(text(name), control, { help: text(`${name}.help`) }) };
    });
    this.#flags = FLAGS.map((name) => flag(name, text(name), text(`${name}.help`)));
    this.#requirements = REQUIREMENTS.map((name) => flag(name, text(name), ""));
    this.#policy = select(POLICIES.map((name) => [name, text(`trust.${name}`)]));
    const trust = new Field(text("trust"), this.#policy, { help: text("trust.help") });
    const memory = new Field(text("memory_mb"), this.#memory);
    const needs = element("fieldset", {}, element("legend", {}, text("requirements")));
    needs.append(...this.#requirements.map(({ field }) => field.element), memory.element);
    const settings = [...this.#numbers, ...this.#flags];
    this.element = element("div", { class: "fields" }, ...settings.map(({ field }) => field.element), trust.element, needs);
    /** By the path that the pool gives them. @type {Record<string, Field>} */
    this.fields = {
      ...Object.fromEntries(settings.map(({ name, field }) => [`settings.${name}`, field])),
      ...Object.fromEntries(this.#requirements.map(({ name, field }) => [`requirements.${name}`, field])),
      "settings.trust": trust,
      "requirements.memory_mb": memory,
    };
  }

  /** @param {Values} settings @param {Values} requirements */
  render(settings, requirements) {
    for (const { name, control } of this.#numbers) control.value = String(settings[name] ?? "");
    for (const { name, control } of this.#flags) control.checked = settings[name] === true;
    for (const { name, control } of this.#requirements) control.checked = requirements[name] === true;
    this.#memory.value = String(requirements.memory_mb ?? "");
    this.#trust = settings.trust ?? {};
    this.#policy.value = this.#trust.policy ?? "none";
  }

  /** @returns {Values} */
  get settings() {
    const numbers = this.#numbers.map(({ name, control }) => [name, Number(control.value)]);
    const flags = this.#flags.map(({ name, control }) => [name, control.checked]);
    const trust = this.#policy.value === this.#trust.policy ? this.#trust : { policy: this.#policy.value };
    return { ...Object.fromEntries([...numbers, ...flags]), trust };
  }

  /** @returns {Values} */
  get requirements() {
    const chosen = this.#requirements.filter(({ control }) => control.checked).map(({ name }) => [name, true]);
    const memory = this.#memory.value === "" ? {} : { memory_mb: Number(this.#memory.value) };
    return { ...Object.fromEntries(chosen), ...memory };
  }

  /** A merge patch from the job as it is: what is gone is null. @param {Values} job */
  patch(job) {
    const names = [...REQUIREMENTS, "memory_mb"];
    const before = Object.fromEntries(Object.entries(job.requirements).filter(([name]) => names.includes(name)));
    return { settings: this.settings, requirements: { ...nulls(before), ...this.requirements } };
  }
}

/** @param {Values} values */
const nulls = (values) => Object.fromEntries(Object.keys(values).map((name) => [name, null]));

/** @param {string} name @param {string} label @param {string} help */
function flag(name, label, help) {
  const control = input({ type: "checkbox" });
  return { name, control, field: new Field(label, control, { help, isCheck: true }) };
}
