// The page of a flow: puts its parts together.

import { find, say } from "./dom.js";
import { FlowHead } from "./flow-head.js";
import { FlowResult } from "./flow-result.js";
import { FlowStatus } from "./flow-status.js";
import { FlowTree } from "./flow-tree.js";
import { FlowWatch } from "./flow-watch.js";
import { isolated, Language } from "./languages.js";

/** @typedef {import("./flow-watch.js").Flow} Flow */

const language = new Language();
const status = new FlowStatus(language);
const head = new FlowHead(language);
const tree = new FlowTree(language);
const result = new FlowResult(language);
const watch = new FlowWatch(location.origin + location.pathname, {
  onflow: draw,
  onback: () => status.say(""),
  onlost: () => status.say("lost"),
  onmissing: miss,
});

/** @param {Flow} flow @param {number} ahead */
function draw(flow, ahead) {
  status.draw(flow, ahead);
  head.draw(flow, ahead);
  result.draw(flow);
  tree.draw(flow);
  find("failure-show").hidden = !tree.has(flow.failure?.path ?? "");
  find("content").hidden = false;
  document.title = language.text(`flow.title.${flow.state}`, { name: isolated(flow.name ?? flow.id) });
}

function miss() {
  find("content").hidden = true;
  say(find("name"), language.text("flow.missing"));
  say(find("whose"), language.text("flow.missing.help"));
  status.say("missing");
}

function begin() {
  language.translate();
  say(find("name"), language.text("flow.title"));
  status.say("loading");
  find("failure-show").addEventListener("click", () => tree.show(find("failure-path").textContent));
  watch.start();
}

begin();
