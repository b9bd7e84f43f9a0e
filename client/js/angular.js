// AngularJS: the module CompPoolClient with the service `compPoolClient`, whose promises and events are part of the
// digest. The pool's address is the value `compPoolRoot`, which an app sets for itself.
import { Client } from "./lib/client.js";
import { Volunteer } from "./lib/volunteer.js";

/** @typedef {import("./lib/status.js").Events} Events */
/** @typedef {import("./lib/volunteer.js").VolunteerOptions} VolunteerOptions */
/** @typedef {{when: (promise: unknown) => unknown}} Q AngularJS's `$q`, or what is like it */
/** @typedef {{$applyAsync: (action: () => void) => void}} Scope AngularJS's `$rootScope` */

export const MODULE = "CompPoolClient";
const USUAL_ROOT = "http://localhost:7070/";
const AT_ONCE = ["constructor", "link"];
const MOVES = /** @type {const} */ (["start", "resume", "pause", "stop"]);

/**
 * Registers the module, unless that has been done.
 * @param {any} [angular] without it the page's, where there is one
 */
export function register(angular = /** @type {any} */ (globalThis).angular) {
  if (!angular?.module || isRegistered(angular)) return;
  angular
    .module(MODULE, [])
    .value("compPoolRoot", USUAL_ROOT)
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
 * The service: the methods of a Client with `$q`'s promises (where a Client iterates, of an array), and `volunteer`.
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
  const names = Object.getOwnPropertyNames(Client.prototype).filter((name) => !AT_ONCE.includes(name));
  const call = (/** @type {string} */ name) => (/** @type {any[]} */ ...values) =>
    $q.when(gathered(/** @type {any} */ (client)[name](...values)));
  const methods = Object.fromEntries(names.map((name) => [name, call(name)]));
  return { ...methods, link: (document, name, values) => client.link(document, name, values) };
}

/** @param {any} returned a promise, or what is iterated */
async function gathered(returned) {
  if (!(Symbol.asyncIterator in returned)) return returned;
  const items = [];
  for await (const item of returned) items.push(item);
  return items;
}

/** A volunteer whose events and promises are part of the digest. */
class DigestedVolunteer {
  #volunteer;
  #scope;

  /** @param {Q} $q @param {Scope} $rootScope @param {string} root @param {VolunteerOptions} [options] */
  constructor($q, $rootScope, root, options) {
    this.#scope = $rootScope;
    this.#volunteer = new Volunteer(root, this.#digested(options));
    for (const move of MOVES) {
      const call = (/** @type {any} */ given) => $q.when(this.#volunteer[move](given));
      Object.defineProperty(this, move, { value: call });
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

  /** @param {(payload: any) => void} listener @returns {(payload: any) => void} */
  #applied(listener) {
    return (payload) => this.#scope.$applyAsync(() => listener(payload));
  }

  /** @param {VolunteerOptions} [options] @returns {VolunteerOptions} with its listeners applied */
  #digested(options = {}) {
    const listeners = Object.entries(options).filter(([name, value]) => name.startsWith("on") && value);
    const applied = listeners.map(([name, listener]) => [name, this.#applied(/** @type {any} */ (listener))]);
    return { ...options, ...Object.fromEntries(applied) };
  }
}
