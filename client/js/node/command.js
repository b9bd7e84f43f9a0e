// How the child process is started: what Node, the shell and Linux can take from it before any code of a job is there.
import { execFile } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { join, sep } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** @typedef {{file: string, parameters: string[], walls: string[]}} Command `walls` are those that stand here */

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const SCRIPT = join(PACKAGE, "node", "child-process.js");
const SHELL = "/bin/sh";
const MEBIBYTE_IN_KIBIBYTES = 1024;

/** For V8's own heap, in MiB: the texts of a unit and of its result pass through it. */
const HEAP_MB = 256;
/** For all that Node takes beyond the job's memory: it is far less, and differs from version to version. */
const SPARE_MB = 1024;
/** For V8's stack, in KiB: of the eight MiB that Linux and macOS give a process. */
const STACK_KB = 7000;
const OPEN_FILES = 64;

// Each is tried once, and left out where it is not to be had.
const WALLS = [
  { name: "no network", words: ["unshare", "--user", "--net", "--ipc"] },
  { name: "dies with its parent", words: ["setpriv", "--no-new-privs", "--pdeathsig", "KILL"] },
];

/** @param {{memoryMb: number, resultBytes: number}} bounds @returns {Promise<Command>} */
export async function childCommand({ memoryMb, resultBytes }) {
  const node = [process.execPath, ...flags(), SCRIPT, String(memoryMb), String(resultBytes)];
  const walls = process.platform === "linux" ? await standing() : [];
  const words = [...walls.flatMap((wall) => wall.words), ...node];
  const names = ["permissions", ...walls.map((wall) => wall.name)];
  if (!existsSync(SHELL)) return { file: words[0], parameters: words.slice(1), walls: names };
  // Some shells add to an environment that was empty.
  const parameters = ["-c", `${limits(memoryMb)}; exec env -i "$@"`, "comp-pool", ...words];
  return { file: SHELL, parameters, walls: [...names, "limits"] };
}

function flags() {
  return [
    permissions(),
    ...[...readable()].map((path) => `--allow-fs-read=${path}`),
    "--no-addons",
    "--no-warnings",
    "--disable-proto=delete",
    "--disallow-code-generation-from-strings",
    `--max-old-space-size=${HEAP_MB}`,
    "--v8-pool-size=1",
    // Windows gives a process less than that.
    ...(process.platform === "win32" ? [] : [`--stack-size=${STACK_KB}`]),
  ];
}

/** With this flag Node refuses files, child processes, threads and addons; from version 25 on connections, too. */
function permissions() {
  return process.allowedNodeEnvironmentFlags.has("--permission") ? "--permission" : "--experimental-permission";
}

/** The files that the child is made of. */
function readable() {
  const paths = ["package.json", "node", "sandbox"].map((name) => join(PACKAGE, name));
  return new Set([...paths, ...dependencies(PACKAGE)].map(asGrant));
}

/** A folder is granted with all that is in it. @param {string} path */
const asGrant = (path) => (path.endsWith(".json") ? path : path + sep);

/**
 * The folders of all that a package depends on: as they are linked to, and as they are.
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
  const places = createRequire(join(folder, "package.json")).resolve.paths(name) ?? [];
  const link = places.map((place) => join(place, name)).find((path) => existsSync(path));
  if (link === undefined) throw new Error(`${name} is not installed, on which ${folder} depends`);
  return link;
}

/** What the shell lowers for good; what it can't lower stays. @param {number} memoryMb */
function limits(memoryMb) {
  const data = (memoryMb + HEAP_MB + SPARE_MB) * MEBIBYTE_IN_KIBIBYTES;
  const lowered = [`-c 0`, `-f 0`, `-n ${OPEN_FILES}`, `-d ${data}`];
  return lowered.map((limit) => `ulimit ${limit} 2>/dev/null`).join("; ");
}

async function standing() {
  const tried = await Promise.all(WALLS.map(async (wall) => ((await works(wall.words)) ? [wall] : [])));
  return tried.flat();
}

/** @param {string[]} words @returns {Promise<boolean>} */
const works = ([file, ...parameters]) =>
  new Promise((resolve) => {
    execFile(file, [...parameters, "true"], { env: {}, timeout: 5000 }, (ex) => resolve(ex === null));
  });
