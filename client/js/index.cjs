"use strict";
// The package's entry point for `require`, which can't load ES modules synchronously: it returns proxies at once, and
// their first call imports the modules.

/** @typedef {{when: (promise: unknown) => any}} Q AngularJS's `$q`, or an equivalent */
/** @typedef {import("./lib/client.js").ClientOptions} ClientOptions */
/** @typedef {import("./lib/volunteer.js").VolunteerOptions} VolunteerOptions */

const DEFAULT_ROOT = "http://localhost:7070/";
const METHODS = [
  "root", "follow", "reload", "job", "scheduledJob", "lease", "leaseVariables", "postResult", "postResults", "giveBack",
  "extend", "postJob", "postReport", "postVariable", "postVariables", "putVariable", "progress",
];
const ITERATORS = ["jobs", "variables", "results", "followResults"];
const OPTIONS = ["key", "volunteer", "timeout", "retries"];

const load = () => import("./index.js");

/**
 * A client of a pool. Takes the providers of comp-pool 0.5; only `$q` is used, to make the promises. The options of a
 * Client (`{key, volunteer, timeout, retries}`) may be among them.
 * @param {string} [root]
 * @param {...any} providers
 * @returns {Record<string, (...values: any[]) => any>} the methods of a Client
 */
function client(root = DEFAULT_ROOT, ...providers) {
  const options = providers.find(isOptions);
  /** @type {Promise<any> | undefined} */
  let loading;
  const target = () => (loading ??= load().then(({ Client }) => new Client(root, options)));
  return methodsOf(target, providers.find(isQ));
}

/** @param {() => Promise<any>} target @param {Q} [q] */
function methodsOf(target, q) {
  const when = (/** @type {Promise<any>} */ promise) => (q ? q.when(promise) : promise);
  const method = (/** @type {string} */ name) => (/** @type {any[]} */ ...values) =>
    when(target().then((loaded) => loaded[name](...values)));
  const iterator = (/** @type {string} */ name) =>
    async function* (/** @type {any[]} */ ...values) {
      yield* (await target())[name](...values);
    };
  return Object.fromEntries([
    ...METHODS.map((name) => [name, method(name)]),
    ...ITERATORS.map((name) => [name, iterator(name)]),
    ["link", (/** @type {any} */ document, /** @type {any[]} */ ...values) => document.link(...values)],
  ]);
}

/** @param {any} provider @returns {provider is Q} */
const isQ = (provider) => typeof provider?.when === "function";

/** @param {any} provider @returns {provider is ClientOptions} */
const isOptions = (provider) =>
  provider !== null &&
  typeof provider === "object" &&
  Object.getPrototypeOf(provider) === Object.prototype &&
  OPTIONS.some((name) => Object.hasOwn(provider, name));

/**
 * A volunteer for a pool.
 * @param {string} root
 * @param {VolunteerOptions} [options]
 */
const volunteer = (root, options) => volunteerProxy(load().then((module) => module.volunteer(root, options)));

/**
 * A volunteer that is being loaded: its methods wait for that.
 * @param {Promise<any>} loading
 * @param {Q} [q]
 */
function volunteerProxy(loading, q) {
  /** @type {any} */
  let loaded;
  // A failure to load is thrown by the methods; here it would be an unhandled rejection.
  loading.then((volunteer) => (loaded = volunteer), () => {});
  const when = (/** @type {Promise<any>} */ promise) => (q ? q.when(promise) : promise);
  const method = (/** @type {string} */ name) => (/** @type {any} */ options) =>
    when(loading.then((volunteer) => volunteer[name](options)));
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
    start: method("start"),
    resume: method("resume"),
    pause: method("pause"),
    stop: method("stop"),
    configure: method("configure"),
    /** @param {string} event @param {(payload: any) => void} listener */
    on(event, listener) {
      const unsubscribing = loading.then((volunteer) => volunteer.on(event, listener), () => () => {});
      return () => void unsubscribing.then((unsubscribe) => unsubscribe());
    },
  };
}

/** @param {any} angular the page's global, or undefined */
function register(angular) {
  if (!angular?.module) return;
  /** @param {Q} $q @param {any} $rootScope @param {string} root */
  const factory = ($q, $rootScope, root) => {
    const loading = import("./angular.js").then(({ service }) => service($q, $rootScope, root));
    const create = (/** @type {any} */ options) =>
      volunteerProxy(loading.then((loaded) => loaded.volunteer(options)), $q);
    return { ...methodsOf(() => loading, $q), ...arrayMethods(loading, $q), volunteer: create };
  };
  angular
    .module("CompPoolClient", [])
    .value("compPoolRoot", DEFAULT_ROOT)
    .factory("compPoolClient", ["$q", "$rootScope", "compPoolRoot", factory]);
}

/** The AngularJS service returns promises of arrays, not iterators. @param {Promise<any>} loading @param {Q} $q */
const arrayMethods = (loading, $q) =>
  Object.fromEntries(
    ITERATORS.map((name) => [
      name,
      (/** @type {any[]} */ ...values) => $q.when(loading.then((loaded) => loaded[name](...values))),
    ]),
  );

register(/** @type {any} */ (globalThis).angular);

module.exports = { client, load, volunteer };
