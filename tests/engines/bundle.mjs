// Bundles the packages of `packages/` as docs/jobs.md shows: prints a JSON object of jobs by name, each with its two
// functions, a variable and its requirements.
import { readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("packages", import.meta.url));
const CLIENT = fileURLToPath(new URL("../../client/js/", import.meta.url));
const { build } = createRequire(`${CLIENT}package.json`)("esbuild");

/** The text of a function that a module of `packages/` exports, with all that it imports. */
async function bundled(file, name) {
  const { outputFiles } = await build({
    stdin: { contents: `export { ${name} as default } from "./${file}";`, resolveDir: FOLDER },
    nodePaths: [`${CLIENT}node_modules`],
    bundle: true,
    format: "iife",
    globalName: "bundle",
    minify: true,
    target: "es2022",
    write: false,
  });
  return `(() => { ${outputFiles[0].text} return bundle.default; })()`;
}

async function described(file) {
  const { outputFiles } = await build({
    entryPoints: [`${FOLDER}/${file}`], nodePaths: [`${CLIENT}node_modules`], bundle: true, format: "cjs", write: false,
  });
  const module = { exports: {} };
  new Function("module", "exports", outputFiles[0].text)(module, module.exports);
  const { variable, requirements = {} } = module.exports;
  const [execute_function, validate_result] = await Promise.all([bundled(file, "compute"), bundled(file, "validate")]);
  return { execute_function, validate_result, requirements, variable };
}

const files = await readdir(FOLDER);
const jobs = await Promise.all(files.map(async (file) => [file.replace(/\.js$/, ""), await described(file)]));
console.log(JSON.stringify(Object.fromEntries(jobs)));
