// The page of a flow: creates its parts and connects them.

import { byId, setText } from "../dom.js";
import { isolate, Language } from "../languages.js";
import { FlowHeader } from "./header.js";
import { FlowPoller } from "./poller.js";
import { FlowResult } from "./result.js";
import { FlowStatus } from "./status.js";
import { FlowTree } from "./tree.js";

/** @typedef {import("./poller.js").Flow} Flow */

const language = new Language();
const status = new FlowStatus(language);
const header = new FlowHeader(language);
const tree = new FlowTree(language);
const result = new FlowResult(language);
const poller = new FlowPoller(location.origin + location.pathname, {
  onflow: render,
  onrecover: () => status.override(""),
  onfailure: () => status.override("offline"),
  onmissing: renderMissing,
});

/** @param {Flow} flow @param {number} clockOffset */
function render(flow, clockOffset) {
  status.render(flow, clockOffset);
  header.render(flow, clockOffset);
  result.render(flow);
  tree.render(flow);
  byId("failure-show").hidden = !tree.has((flow.failure ?? flow.blocked?.[0])?.path ?? "");
  byId("content").hidden = false;
  document.title = language.text(`flow.title.${flow.state}`, { name: isolate(flow.name ?? flow.id) });
}

function renderMissing() {
  byId("content").hidden = true;
  setText(byId("name"), language.text("flow.missing"));
  setText(byId("subtitle"), language.text("flow.missing.help"));
  status.override("missing");
}

function start() {
  language.translate();
  status.override("loading");
  byId("failure-show").addEventListener("click", () => tree.show(byId("failure-path").textContent));
  poller.start();
}

start();
