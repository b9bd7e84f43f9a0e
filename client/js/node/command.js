// The command that starts the child process, with its isolation by Node, the shell and Linux. All layers are in place
// before any code of a job is loaded.
import { execFile } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { join, sep } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** @typedef {{file: string, parameters: string[], layers: string[]}} Command `layers`: names of isolation layers */

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const SCRIPT = join(PACKAGE, "node", "child-process.js");
const SHELL = "/bin/sh";
const MEBIBYTE_IN_KIBIBYTES = 1024;

/** V8's own heap, in MiB: the texts of a unit and of its result pass through it. */
const HEAP_MB = 256;
/** For Node itself, in MiB. Generous, since its need differs between versions. */
const NODE_MB = 1024;
/** Of the process and of V8 in it, in KiB: what QuickJS's own stack needs; else of the 8 MiB that a process has. */
const LARGE_STACK = { processKb: 16_384, v8Kb: 14_000 };
const SMALL_STACK = { processKb: undefined, v8Kb: 7000 };
const MAX_OPEN_FILES = 64;

// Each is tried once, and left out if it is not available.
const LINUX_LAYERS = [
  { name: "network namespace", prefix: ["unshare", "--user", "--net", "--ipc"] },
  { name: "parent death signal", prefix: ["setpriv", "--no-new-privs", "--pdeathsig", "KILL"] },
];

/** @param {{memoryMb: number, resultBytes: number}} bounds @returns {Promise<Command>} */
export async function childCommand({ memoryMb, resultBytes }) {
  const isLarge = existsSync(SHELL) && (await isAvailable([SHELL, "-c", enlarged(LARGE_STACK)]));
  const stack = isLarge ? LARGE_STACK : SMALL_STACK;
  const node = [process.execPath, ...flags(stack.v8Kb), SCRIPT, String(memoryMb), String(resultBytes)];
  const available = process.platform === "linux" ? await availableLayers() : [];
  const words = [...available.flatMap((layer) => layer.prefix), ...node];
  const layers = ["permissions", ...available.map((layer) => layer.name)];
  if (!existsSync(SHELL)) return { file: words[0], parameters: words.slice(1), layers };
  // `env -i`, because some shells add variables to an empty environment.
  const parameters = ["-c", `${enlarged(stack)}; ${limits(memoryMb)}; exec env -i TZ=UTC "$@"`, "comp-pool", ...words];
  return { file: SHELL, parameters, layers: [...layers, "limits"] };
}

/** A shell command that allows the process a larger stack. @param {{processKb?: number}} stack */
const enlarged = ({ processKb }) => (processKb === undefined ? ":" : `ulimit -S -s ${processKb}`);

/** @param {number} stackKb V8's stack */
function flags(stackKb) {
  return [
    permissionFlag(),
    ...[...readablePaths()].map((path) => `--allow-fs-read=${path}`),
    "--no-addons",
    "--no-warnings",
    "--disable-proto=delete",
    "--disallow-code-generation-from-strings",
    `--max-old-space-size=${HEAP_MB}`,
    "--v8-pool-size=1",
    // Windows gives a process a smaller stack.
    ...(process.platform === "win32" ? [] : [`--stack-size=${stackKb}`]),
  ];
}

/** Denies files, child processes, threads and addons; from Node 25 on the network too. */
function permissionFlag() {
  return process.allowedNodeEnvironmentFlags.has("--permission") ? "--permission" : "--experimental-permission";
}

/** The files of which the child consists. */
function readablePaths() {
  const paths = ["package.json", "node", "sandbox"].map((name) => join(PACKAGE, name));
  return new Set([...paths, ...dependencies(PACKAGE)].map(asGrant));
}

/** A trailing separator grants a whole folder. @param {string} path */
const asGrant = (path) => (path.endsWith(".json") ? path : path + sep);

/**
 * The folders of a package's dependencies, transitively. Of a symbolic link both ends: either may be checked.
 * @param {string} folder
 * @returns {string[]}
 */
function dependencies(folder) {
  const { dependencies: names = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return Object.keys(names).flatMap((name) => {
    const link = linkTo(name, folder);
    const real = realpathSync(link);
    return [link, real, ...dependencies(real)];
  });
}

/** @param {string} name @param {string} folder */
function linkTo(name, folder) {
  const folders = createRequire(join(folder, "package.json")).resolve.paths(name) ?? [];
  const link = folders.map((one) => join(one, name)).find((path) => existsSync(path));
  if (link === undefined) throw new Error(`${name}, a dependency of ${folder}, is not installed`);
  return link;
}

/** Shell commands that lower limits for good. Not every shell has every limit. @param {number} memoryMb */
function limits(memoryMb) {
  const data = (memoryMb + HEAP_MB + NODE_MB) * MEBIBYTE_IN_KIBIBYTES;
  const options = [`-c 0`, `-f 0`, `-n ${MAX_OPEN_FILES}`, `-d ${data}`];
  return options.map((option) => `ulimit ${option} 2>/dev/null`).join("; ");
}

async function availableLayers() {
  const tried = LINUX_LAYERS.map(async (layer) => ((await isAvailable(layer.prefix)) ? [layer] : []));
  return (await Promise.all(tried)).flat();
}

/** @param {string[]} prefix @returns {Promise<boolean>} */
const isAvailable = ([file, ...parameters]) =>
  new Promise((resolve) => {
    execFile(file, [...parameters, "true"], { env: {}, timeout: 5000 }, (ex) => resolve(ex === null));
  });
