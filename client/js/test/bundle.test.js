// The bundle for browserify, and the package in bundles of other tools.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { bundle } from "../tools/bundle.js";
import { BUNDLES, pageBundles } from "../tools/pages.js";

const COMMITTED = new URL("../browserify.cjs", import.meta.url);

test("the committed bundle is current", async () => {
  const isCurrent = (await readFile(COMMITTED, "utf8")) === (await bundle());
  assert.ok(isCurrent, "browserify.cjs is not of these modules: npm run bundle");
});

test("the committed bundles of the pages are current", async () => {
  const isCurrent = async ([name, text]) => {
    const committed = await readFile(`${BUNDLES}/${name}`, "utf8").catch(() => "");
    return committed === text;
  };
  for (const bundle of Object.entries(await pageBundles())) {
    assert.ok(await isCurrent(bundle), `client/web/bundles/${bundle[0]} is not of these modules: npm run bundle`);
  }
});

test("in a bundle that is no module a page has its own timers", async () => {
  const entryPoints = [fileURLToPath(new URL("../browser/clock.js", import.meta.url))];
  const options = { bundle: true, format: "iife", globalName: "bundled", write: false, logLevel: "silent" };
  const { outputFiles } = await build({ entryPoints, ...options });
  // There is neither a worker nor an address of this file.
  const realm = createContext({ performance, setTimeout, clearTimeout });
  const { Clock } = runInContext(`${outputFiles[0].text}; bundled`, realm);
  await new Promise((resolve) => new Clock().after(1, resolve));
});
