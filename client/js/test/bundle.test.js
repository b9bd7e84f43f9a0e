// The bundle for browserify.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { bundle } from "../tools/bundle.js";

const COMMITTED = new URL("../browserify.cjs", import.meta.url);

test("the committed bundle is current", async () => {
  const isCurrent = (await readFile(COMMITTED, "utf8")) === (await bundle());
  assert.ok(isCurrent, "browserify.cjs is not of these modules: npm run bundle");
});
