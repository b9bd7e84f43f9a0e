// Marks the visitor's own row on the leaderboard. Who that is the pool tells this browser alone, by its id.

import { FETCH_OPTIONS } from "../poller.js";
import { element } from "../dom.js";
import { storedVolunteer } from "../preferences.js";

const root = new URL(document.documentElement.dataset.root ?? "/", location.href);

async function show() {
  const table = document.querySelector("table[data-me]");
  const volunteer = storedVolunteer("comp-pool");
  if (!(table instanceof HTMLElement) || !volunteer) return;
  const headers = { Accept: "application/json", Volunteer: volunteer };
  const response = await fetch(new URL("volunteer", root), { ...FETCH_OPTIONS, headers });
  if (!response.ok) return;
  const { mark } = await response.json();
  const row = table.querySelector(`tr[data-mark="${CSS.escape(mark)}"]`);
  if (row) highlight(row, table.dataset.me ?? "");
}

/** In words too, not by colour alone. @param {Element} row @param {string} word */
function highlight(row, word) {
  row.classList.add("own");
  row.querySelector(".mark")?.after(" ", element("span", { class: "badge" }, word));
}

void show().catch(() => {});
