// AngularJS: the module CompPoolClient with the service `compPoolClient`, whose promises and listeners run in a digest.
// An app sets the pool's address by the value `compPoolRoot`.
import { Client } from "./lib/client.js";
import { Volunteer } from "./lib/volunteer.js";

/** @typedef {import("./lib/status.js").Events} Events */
/** @typedef {import("./lib/volunteer.js").VolunteerOptions} VolunteerOptions */
/** @typedef {{when: (promise: unknown) => unknown}} Q AngularJS's `$q`, or an equivalent */
/** @typedef {{$applyAsync: (action: () => void) => void}} Scope AngularJS's `$rootScope` */

export const MODULE = "CompPoolClient";
const DEFAULT_ROOT = "http://localhost:7070/";
const NOT_ASYNC = ["constructor", "link"];
const METHODS = /** @type {const} */ (["start", "resume", "pause", "stop"]);

/**
 * Registers the module, once. Does nothing without AngularJS.
 * @param {any} [angular] the page's global by default
 */
export function register(angular = /** @type {any} */ (globalThis).angular) {
  if (!angular?.module || isRegistered(angular)) return;
  angular
    .module(MODULE, [])
    .value("compPoolRoot", DEFAULT_ROOT)
    .factory("compPoolClient", ["$q", "$rootScope", "compPoolRoot", service]);
}

/** @param {any} angular */
function isRegistered(angular) {
  try {
    return Boolean(angular.module(MODULE));
  } catch {
    return false;
  }
}

/**
 * The service: the methods of a Client with `$q`'s promises (of arrays, instead of iterators), and `volunteer`.
 * @param {Q} $q
 * @param {Scope} $rootScope
 * @param {string} root
 */
export function service($q, $rootScope, root) {
  return {
    ...clientMethods(new Client(root), $q),
    volunteer: (/** @type {VolunteerOptions} */ options) => new DigestedVolunteer($q, $rootScope, root, options),
  };
}

/** @param {Client} client @param {Q} $q @returns {Record<string, (...values: any[]) => unknown>} */
function clientMethods(client, $q) {
  const names = Object.getOwnPropertyNames(Client.prototype).filter((name) => !NOT_ASYNC.includes(name));
  const call = (/** @type {string} */ name) => (/** @type {any[]} */ ...values) =>
    $q.when(collected(/** @type {any} */ (client)[name](...values)));
  const methods = Object.fromEntries(names.map((name) => [name, call(name)]));
  return { ...methods, link: (document, name, values) => client.link(document, name, values) };
}

/** @param {any} returned a promise, or an async iterator, whose items become an array */
async function collected(returned) {
  if (!(Symbol.asyncIterator in returned)) return returned;
  const items = [];
  for await (const item of returned) items.push(item);
  return items;
}

/** A volunteer whose listeners and promises run in a digest. */
class DigestedVolunteer {
  #volunteer;
  #scope;

  /** @param {Q} $q @param {Scope} $rootScope @param {string} root @param {VolunteerOptions} [options] */
  constructor($q, $rootScope, root, options) {
    this.#scope = $rootScope;
    this.#volunteer = new Volunteer(root, this.#withAppliedListeners(options));
    for (const name of METHODS) {
      const method = (/** @type {any} */ given) => $q.when(this.#volunteer[name](given));
      Object.defineProperty(this, name, { value: method });
    }
  }

  get state() {
    return this.#volunteer.state;
  }

  get workers() {
    return this.#volunteer.workers;
  }

  get totals() {
    return this.#volunteer.totals;
  }

  /** @param {Parameters<Volunteer["configure"]>[0]} changes */
  configure(changes) {
    this.#volunteer.configure(changes);
  }

  /** @param {keyof Events} event @param {(payload: any) => void} listener @returns {() => void} unsubscribes */
  on(event, listener) {
    return this.#volunteer.on(event, this.#applied(listener));
  }

  /** Many events at once cost one digest. @param {(payload: any) => void} listener @returns {(payload: any) => void} */
  #applied(listener) {
    return (payload) => this.#scope.$applyAsync(() => listener(payload));
  }

  /** @param {VolunteerOptions} [options] @returns {VolunteerOptions} */
  #withAppliedListeners(options = {}) {
    const listeners = Object.entries(options).filter(([name, value]) => name.startsWith("on") && value);
    const applied = listeners.map(([name, listener]) => [name, this.#applied(/** @type {any} */ (listener))]);
    return { ...options, ...Object.fromEntries(applied) };
  }
}
