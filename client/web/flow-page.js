// The page of a flow: puts its parts together.

import { find, say } from "./dom.js";
import { FlowHead } from "./flow-head.js";
import { FlowResult } from "./flow-result.js";
import { FlowTree } from "./flow-tree.js";
import { FlowWatch } from "./flow-watch.js";
import { isolated, Language } from "./languages.js";

/** @typedef {import("./flow-watch.js").Flow} Flow */

const language = new Language();
const head = new FlowHead(language);
const tree = new FlowTree(language);
const result = new FlowResult(language);
const watch = new FlowWatch(location.origin + location.pathname, {
  onflow: draw,
  onback: () => announce(state),
  onlost: () => announce("lost"),
  onmissing: miss,
});
let state = "loading";

/** @param {Flow} flow @param {number} ahead */
function draw(flow, ahead) {
  state = flow.state;
  head.draw(flow, ahead);
  result.draw(flow);
  tree.draw(flow);
  find("failure-show").hidden = !tree.has(flow.failure?.path ?? "");
  find("content").hidden = false;
  announce(state);
  document.title = language.text(`flow.title.${state}`, { name: isolated(flow.name ?? flow.id) });
}

/** The state alone is announced: the rest would never be silent. @param {string} said */
function announce(said) {
  document.documentElement.dataset.flow = said;
  say(find("status"), language.text(`flow.status.${said}`));
}

function miss() {
  find("content").hidden = true;
  say(find("name"), language.text("flow.missing"));
  say(find("whose"), language.text("flow.missing.help"));
  announce("missing");
}

function begin() {
  language.translate();
  say(find("name"), language.text("flow.title"));
  announce(state);
  find("failure-show").addEventListener("click", () => tree.show(find("failure-path").textContent));
  watch.start();
}

begin();
