// The visitor's place in the pool: what it is credited with, its name and team, other devices, and its record's end.

import { byId, element, setText } from "../dom.js";
import { Language } from "../languages.js";
import { setLink } from "../links.js";
import { Account } from "./account.js";
import { Deletion } from "./deletion.js";
import { Devices } from "./devices.js";
import { ProfileForm } from "./profile-form.js";
import { TEXTS } from "./texts/index.js";

/** The pool ranks anew every ten seconds: no page asks more often than this, in milliseconds. */
const MIN_INTERVAL = 15_000;
/** @type {("day" | "week" | "all")[]} */
const PERIODS = ["day", "week", "all"];

export class CreditSection {
  #language = new Language(TEXTS);
  #controller;
  #account;
  #section = byId("credit");
  #figures = PERIODS.map((period) => new Figure(this.#language, period));
  #list;
  #profile;
  #devices;
  #deletion;
  #board;
  /** @type {string | undefined} */
  #shownFor;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {string} root the pool's address @param {import("../volunteer-controller.js").VolunteerController} controller */
  constructor(root, controller) {
    this.#controller = controller;
    this.#account = new Account(root, () => controller.preferences.volunteer);
    const parts = /** @type {const} */ ([this.#language, this.#account]);
    this.#profile = new ProfileForm(...parts, () => void this.#load());
    this.#devices = new Devices(...parts, (volunteer) => this.#adopt(volunteer));
    this.#deletion = new Deletion(...parts, controller);
    this.#list = element("dl", { class: "credit-figures" }, ...this.#figures.map(({ node }) => node));
    this.#board = element("a", { class: "credit-link" }, this.#language.text("credit.leaderboard"));
    const heading = element("h2", { id: "credit-heading" }, this.#language.text("credit.heading"));
    const details = [this.#profile.node, this.#devices.node, this.#deletion.node];
    this.#section.replaceChildren(heading, this.#list, element("p", {}, this.#board), ...details);
    void this.#load();
  }

  /** The visitor's state has changed: it is new, computes, or is somebody else. */
  render() {
    if (this.#controller.preferences.volunteer !== this.#shownFor) void this.#load();
  }

  /** A unit was accepted: it is credited soon. */
  markChanged() {
    this.#timer ??= setTimeout(() => this.#loadOnceSeen(), MIN_INTERVAL);
  }

  /** In a background tab nobody looks at it. */
  #loadOnceSeen() {
    if (!document.hidden) void this.#load();
    else document.addEventListener("visibilitychange", () => void this.#load(), { once: true });
  }

  async #load() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#shownFor = this.#controller.preferences.volunteer;
    const isKnown = this.#shownFor !== undefined;
    this.#section.hidden = !isKnown;
    this.#devices.render(isKnown);
    // Who is new here may come from another device.
    if (isKnown) this.#deletion.node.before(this.#devices.node);
    else byId("embedding").before(this.#devices.node);
    if (!isKnown) return;
    // What is shown stays while the pool does not respond.
    await this.#account.load().then((record) => this.#show(record), () => {});
  }

  /** @param {import("./account.js").Record} record */
  #show(record) {
    let shown = -1;
    for (const figure of this.#figures) {
      const { units } = record.credit[figure.period];
      figure.show(record.credit[figure.period]);
      // A number that only repeats the one before is not shown.
      figure.node.hidden = units === shown;
      shown = units;
    }
    this.#profile.show(record);
    setLink(this.#board, record._links.leaderboard, this.#language.text("credit.leaderboard"));
  }

  /** @param {string} volunteer */
  #adopt(volunteer) {
    this.#controller.adopt(volunteer);
    void this.#load();
  }
}

/** Units, run time and place of a period. */
class Figure {
  #language;
  #units = element("dd", { class: "units" }, "0");
  #time = element("dd", { class: "help" });
  #place = element("dd", { class: "help" });

  /** @param {Language} language @param {"day" | "week" | "all"} period */
  constructor(language, period) {
    this.#language = language;
    this.period = period;
    const term = element("dt", {}, language.text(`credit.${period}`));
    this.node = element("div", {}, term, this.#units, this.#time, this.#place);
  }

  /** @param {import("./account.js").Credit} credit */
  show({ units, run_seconds: seconds, place }) {
    setText(this.#units, this.#language.text("credit.units", { count: units }));
    setText(this.#time, units === 0 ? "" : this.#language.duration(seconds));
    setText(this.#place, place === null ? "" : this.#language.text("credit.place", { place }));
  }
}
