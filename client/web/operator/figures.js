// The operator's figures: what needs attention, what the pool does, and lists of jobs, flows, volunteers and keys.

import { byId, element, setText } from "../dom.js";
import { isolate } from "../languages.js";
import { linkTo } from "../links.js";
import { Table, timeOf } from "../tables.js";

/** @typedef {import("../languages.js").Language} Language */
/** @typedef {import("../../js/lib/document.js").Document} Document */
/** The document of `/operator`. @typedef {Record<string, any>} Figures */

const VARIABLES = ["open", "leased", "held", "done", "failed"];
const LIMITS = [
  ...["requests", "leases", "share", "errors", "held", "codes", "keys", "quota", "sandbox", "blocked", "disk"],
  ...["connections", "slow", "memory", "threads"],
];
/** Less of the disk free than this share needs attention. */
const LITTLE_SPACE = 0.05;
const MAX_NAME = 200;
/** Classes of columns. @type {Record<string, string>} */
const KINDS = { created: "when", last: "when", volunteer: "id", digest: "id" };

export class OperatorFigures {
  #language;
  #onblock;
  #tables;

  /** @param {Language} language @param {(target: string) => void} onblock asks to block a volunteer or a key */
  constructor(language, onblock) {
    this.#language = language;
    this.#onblock = onblock;
    this.#tables = {
      jobs: this.#table("jobs", ["job", "state"], [...VARIABLES, "rejected", "failures"]),
      flows: this.#table("flows", ["flow", "owner", "state", "created"]),
      volunteers: this.#table("volunteers", ["volunteer", "last"], ["leases", "accepted", "refused", "expired"], ["action"]),
      refusals: this.#table("refusals", ["limit"], ["count"]),
      keys: this.#table("keys", ["digest", "owner", "role", "created"], [], ["action"]),
      sandboxes: this.#table("sandboxes", ["sandbox"], ["running", "waiting", "calls", "seconds"]),
    };
  }

  /** @param {string} key @param {Record<string, string | number>} [values] */
  #text = (key, values) => this.#language.text(`operator.${key}`, values);

  /** @param {string} id @param {string[]} texts columns @param {string[]} [numbers] @param {string[]} [actions] */
  #table(id, texts, numbers = [], actions = []) {
    const column = (/** @type {string} */ name) => ({ key: `operator.column.${name}`, kind: KINDS[name] });
    const counts = numbers.map((name) => ({ ...column(name), kind: "number" }));
    const table = new Table([...texts.map(column), ...counts, ...actions.map(column)], `${id}-heading`, this.#language);
    const none = element("p", { class: "help" }, this.#text(`none.${id}`));
    byId(id).append(table.element, none);
    return {
      /** @param {unknown[]} content @param {() => (Node | string)[][]} makeRows */
      render(content, makeRows) {
        table.render(content, makeRows);
        none.hidden = content.length > 0;
        table.element.hidden = !none.hidden;
      },
    };
  }

  /** @param {Document} operator */
  render(operator) {
    const figures = operator.content;
    this.#renderAttention(figures);
    this.#renderNow(figures);
    this.#renderMachine(figures);
    const { active, flows, volunteers, keys } = figures;
    this.#tables.jobs.render(active, () => active.map((/** @type {Figures} */ job) => this.#job(operator, job)));
    this.#tables.flows.render(flows.newest, () => flows.newest.map((/** @type {Figures} */ flow) => this.#flow(operator, flow)));
    this.#tables.volunteers.render(volunteers.listed, () => volunteers.listed.map(this.#volunteer));
    this.#tables.keys.render(keys, () => keys.map(this.#key));
    this.#renderRefusals(figures);
  }

  /** @param {Figures} figures */
  #renderAttention({ jobs, disk }) {
    const isFull = disk.free < LITTLE_SPACE * disk.total;
    const stopped = jobs.paused.filter((/** @type {Figures} */ job) => job.paused);
    const notes = [
      ...(disk.writable ? [] : [this.#text("attention.unwritable")]),
      ...(isFull ? [this.#text("attention.disk", { free: this.#bytes(disk.free) })] : []),
      ...stopped.map((/** @type {Figures} */ { name, paused }) => {
        return this.#text("attention.paused", { job: isolate(short(name)), reason: isolate(paused.reason) });
      }),
    ];
    byId("attention").hidden = notes.length === 0;
    byId("attention-list").replaceChildren(...notes.map((note) => element("li", { dir: "auto" }, note)));
  }

  /** @param {Figures} figures */
  #renderNow({ jobs, flows, volunteers, results, variables }) {
    this.#renderMetrics("now", [
      [this.#number(volunteers.active), "now.volunteers"],
      [this.#number(volunteers.leases), "now.leases"],
      [this.#number(results.per_minute), "now.per-minute"],
      [this.#number(variables.open), "now.open"],
      [this.#number(variables.failed), "now.failed"],
      [this.#number(results.rejected + results.failures), "now.errors"],
      [this.#number(jobs.states.open ?? 0), "now.jobs"],
      [this.#number(flows.running), "now.flows"],
    ]);
  }

  /** @param {Figures} figures */
  #renderMachine({ disk, sandbox }) {
    const { strangers } = disk;
    this.#renderMetrics("machine", [
      [this.#bytes(disk.free), "machine.free"],
      [this.#bytes(disk.total), "machine.total"],
      [`${this.#bytes(strangers.bytes)} / ${this.#bytes(strangers.max_bytes)}`, "machine.strangers"],
      [`${this.#number(strangers.jobs)} / ${this.#number(strangers.max_jobs)}`, "machine.strangers-jobs"],
    ]);
    this.#tables.sandboxes.render(sandbox, () => {
      return sandbox.flatMap((/** @type {Figures} */ process, /** @type {number} */ index) => {
        return Object.entries(process).map(([name, load]) => this.#sandbox(index + 1, name, load));
      });
    });
  }

  /** @param {number} number of the process @param {string} name @param {Figures} load */
  #sandbox(number, name, { running, places, waiting, calls, seconds }) {
    const known = this.#text(`sandbox.${name}`) || name;
    return [
      this.#text("sandbox", { name: known, number }),
      `${this.#number(running)} / ${this.#number(places)}`,
      this.#number(waiting),
      this.#number(calls),
      this.#number(Math.round(seconds)),
    ];
  }

  /** @param {string} id @param {[value: string, key: string][]} metrics */
  #renderMetrics(id, metrics) {
    const drawn = metrics.map(([value, key]) => {
      return element("p", { class: "metric" }, element("strong", {}, value), " ", element("span", {}, this.#text(key)));
    });
    byId(id).replaceChildren(...drawn);
  }

  /** @param {Figures} figures */
  #renderRefusals({ refusals, since }) {
    setText(byId("refusals-since"), this.#text("refusals.since", { time: this.#time(since) }));
    const counted = Object.entries(refusals);
    this.#tables.refusals.render(counted, () => counted.map(([limit, count]) => {
      return [LIMITS.includes(limit) ? this.#text(`limit.${limit}`) : limit, this.#number(Number(count))];
    }));
  }

  /** @param {Document} operator @param {Figures} job */
  #job(operator, { id, name, state, variables, rejected, failures }) {
    const numbers = [...VARIABLES.map((name) => variables[name]), rejected, failures];
    const link = linkTo(operator.link("job", { job: id }), short(name));
    return [link, this.#state(isDone(variables) ? "done" : state), ...numbers.map((value) => this.#number(value))];
  }

  /** @param {Document} operator @param {Figures} flow */
  #flow(operator, { id, name, owner, state, created }) {
    return [linkTo(operator.link("flow", { flow: id }), short(name || id)), short(owner ?? "–"), this.#state(state), timeOf(created, this.#language)];
  }

  /** Whoever has no id of its own counts by address, of which there is only a hash. @param {Figures} volunteer */
  #volunteer = ({ volunteer, leases, accepted, refused, expired, last }) => {
    const isNamed = !volunteer.startsWith("@");
    const numbers = [leases, accepted, refused, expired].map((value) => this.#number(value));
    const name = isNamed ? element("code", {}, volunteer) : this.#text("volunteer.unnamed");
    return [name, last ? timeOf(last, this.#language) : "–", ...numbers, isNamed ? this.#blockButton(volunteer, volunteer) : ""];
  };

  /** @param {Figures} key */
  #key = ({ digest, owner, role, created }) => {
    const button = role === "operator" ? "" : this.#blockButton(`key:${digest}`, owner);
    return [element("code", {}, digest), short(owner), this.#text(`role.${role}`) || role, timeOf(created, this.#language), button];
  };

  /** @param {string} target @param {string} name */
  #blockButton(target, name) {
    const button = element("button", { class: "button small", type: "button" }, this.#text("block.this"));
    button.append(element("span", { class: "visually-hidden" }, ` ${short(name)}`));
    button.addEventListener("click", () => this.#onblock(target));
    return button;
  }

  /** @param {string} state */
  #state = (state) => element("span", { class: "badge", "data-state": state }, this.#text(`state.${state}`) || state);

  /** @param {number} value */
  #number = (value) => this.#language.number(value);

  /** @param {string} moment */
  #time = (moment) => this.#language.dateTime(new Date(moment));

  /** @param {number} value */
  #bytes(value) {
    const units = ["kilobyte", "megabyte", "gigabyte", "terabyte"];
    const power = Math.min(Math.max(Math.floor(Math.log10(Math.max(value, 1)) / 3), 1), units.length);
    const options = { style: /** @type {const} */ ("unit"), unit: units[power - 1], maximumFractionDigits: 1 };
    return this.#language.number(value / 1000 ** power, options);
  }
}

/** As in the list of jobs. @param {Record<string, number>} variables of a job, by state */
const isDone = ({ open, leased, held, failed, done, withdrawn }) =>
  done + withdrawn > 0 && open + leased + held + failed === 0;

/** @param {unknown} name of a job, flow or owner */
export const short = (name) => String(name).slice(0, MAX_NAME);
