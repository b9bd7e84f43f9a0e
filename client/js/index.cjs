"use strict";
// The package for `require`: what it offers is there at once, and loads the modules when it is first asked for
// something.

/** @typedef {{when: (promise: unknown) => any}} Q `$q` of AngularJS, or what is like it */
/** @typedef {import("./lib/client.js").ClientOptions} ClientOptions */
/** @typedef {import("./lib/volunteer.js").VolunteerOptions} VolunteerOptions */

const USUAL_ROOT = "http://localhost:7070/";
const CALLS = [
  "root", "follow", "reload", "job", "scheduledJob", "lease", "postResult", "giveBack", "extend", "postJob",
  "postVariable", "postVariables", "putVariable", "progress",
];
const ITERATIONS = ["jobs", "variables", "results"];
const OPTIONS = ["key", "volunteer", "timeout", "patience"];

const load = () => import("./index.js");

/**
 * A client of a pool. Of the providers that the seed's client took, `$q` makes the promises; the others are not needed.
 * Options of a Client (`{key, volunteer, timeout, patience}`) may stand among them.
 * @param {string} [root]
 * @param {...any} providers
 * @returns {Record<string, (...values: any[]) => any>} the methods of a Client
 */
function client(root = USUAL_ROOT, ...providers) {
  const options = providers.find(areOptions);
  /** @type {Promise<any> | undefined} */
  let loading;
  const loaded = () => (loading ??= load().then(({ Client }) => new Client(root, options)));
  return methodsOf(loaded, providers.find(isQ));
}

/** @param {() => Promise<any>} loaded @param {Q} [q] */
function methodsOf(loaded, q) {
  const when = (/** @type {Promise<any>} */ promise) => (q ? q.when(promise) : promise);
  const call = (/** @type {string} */ name) => (/** @type {any[]} */ ...values) =>
    when(loaded().then((target) => target[name](...values)));
  const iteration = (/** @type {string} */ name) =>
    async function* (/** @type {any[]} */ ...values) {
      yield* (await loaded())[name](...values);
    };
  return Object.fromEntries([
    ...CALLS.map((name) => [name, call(name)]),
    ...ITERATIONS.map((name) => [name, iteration(name)]),
    ["link", (/** @type {any} */ document, /** @type {any[]} */ ...values) => document.link(...values)],
  ]);
}

/** @param {any} provider @returns {provider is Q} */
const isQ = (provider) => typeof provider?.when === "function";

/** @param {any} provider @returns {provider is ClientOptions} */
const areOptions = (provider) =>
  provider !== null &&
  typeof provider === "object" &&
  Object.getPrototypeOf(provider) === Object.prototype &&
  OPTIONS.some((name) => Object.hasOwn(provider, name));

/**
 * A volunteer for a pool, as the modules' own.
 * @param {string} root
 * @param {VolunteerOptions} [options]
 */
const volunteer = (root, options) => lazily(load().then((module) => module.volunteer(root, options)));

/**
 * A volunteer that is still being loaded: what is asked of it waits for that.
 * @param {Promise<any>} loading
 * @param {Q} [q]
 */
function lazily(loading, q) {
  /** @type {any} */
  let loaded;
  // Who asks for something is told that it could not be loaded.
  loading.then((found) => (loaded = found), () => {});
  const when = (/** @type {Promise<any>} */ promise) => (q ? q.when(promise) : promise);
  const move = (/** @type {string} */ name) => (/** @type {any} */ options) =>
    when(loading.then((found) => found[name](options)));
  return {
    get state() {
      return loaded?.state ?? "idle";
    },
    get workers() {
      return loaded?.workers ?? [];
    },
    get totals() {
      return loaded?.totals ?? { units: 0, rejected: 0, late: 0, failed: 0, returned: 0, seconds: 0 };
    },
    start: move("start"),
    resume: move("resume"),
    pause: move("pause"),
    stop: move("stop"),
    configure: move("configure"),
    /** @param {string} event @param {(payload: any) => void} listener */
    on(event, listener) {
      const unsubscribing = loading.then((found) => found.on(event, listener), () => () => {});
      return () => void unsubscribing.then((unsubscribe) => unsubscribe());
    },
  };
}

/** @param {any} angular the page's, where there is one */
function register(angular) {
  if (!angular?.module) return;
  /** @param {Q} $q @param {any} $rootScope @param {string} root */
  const factory = ($q, $rootScope, root) => {
    const loading = import("./angular.js").then(({ service }) => service($q, $rootScope, root));
    const make = (/** @type {any} */ options) => lazily(loading.then((found) => found.volunteer(options)), $q);
    return { ...methodsOf(() => loading, $q), ...gathering(loading, $q), volunteer: make };
  };
  angular
    .module("CompPoolClient", [])
    .value("compPoolRoot", USUAL_ROOT)
    .factory("compPoolClient", ["$q", "$rootScope", "compPoolRoot", factory]);
}

/** The service's iterations are promises of arrays. @param {Promise<any>} loading @param {Q} $q */
const gathering = (loading, $q) =>
  Object.fromEntries(
    ITERATIONS.map((name) => [
      name,
      (/** @type {any[]} */ ...values) => $q.when(loading.then((found) => found[name](...values))),
    ]),
  );

register(/** @type {any} */ (globalThis).angular);

module.exports = { client, load, volunteer };
