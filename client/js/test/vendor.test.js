// The vendored files of the pages.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { vendored } from "../tools/vendor.js";

test("the committed editor and its licences are current", async () => {
  for (const [name, text] of Object.entries(await vendored())) {
    const committed = await readFile(new URL(`../../web/vendor/${name}`, import.meta.url), "utf8");
    assert.ok(committed === text, `${name} is not of these versions: npm run vendor`);
  }
});
