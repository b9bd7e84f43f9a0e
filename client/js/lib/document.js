// Documents of a pool and their links: resolved against where the document was found, templates filled in.
import { MissingLink } from "./errors.js";
import { expand } from "./template.js";

/** @typedef {import("./template.js").Values} Values */
/** @typedef {Record<string, any>} Content */

/** A JSON object of a pool, with the address that it was read from. */
export class Document {
  /**
   * @param {string} address
   * @param {Content} content
   * @param {Headers} [headers] of the answer that it came with
   */
  constructor(address, content, headers = new Headers()) {
    this.address = address;
    this.content = content;
    this.headers = headers;
  }

  /** Everything but what the pool adds to a document. */
  get data() {
    const { _links, _embedded, ...data } = this.content;
    return data;
  }

  /**
   * The links as they came, by name.
   * @returns {Record<string, unknown>}
   */
  get links() {
    return objectOf(this.content._links);
  }

  /** @param {string} name */
  has(name) {
    return this.#href(name) !== undefined;
  }

  /**
   * The absolute address of a link. Throws MissingLink without one.
   * @param {string} name
   * @param {Values} [values] for the link's template
   */
  link(name, values = {}) {
    const href = this.#href(name);
    if (href === undefined) throw new MissingLink(name, this.address);
    try {
      return new URL(expand(href, values), this.address).href;
    } catch {
      throw new MissingLink(name, this.address);
    }
  }

  /**
   * What is embedded under a name.
   * @param {string} name
   * @returns {any} undefined without it
   */
  embedded(name) {
    return objectOf(this.content._embedded)[name];
  }

  /**
   * The documents of one page of a collection.
   * @returns {Document[]}
   */
  items() {
    const items = this.embedded("items");
    const documents = Array.isArray(items) ? items.filter((item) => objectOf(item) === item) : [];
    return documents.map((item) => new Document(this.address, item, this.headers));
  }

  /** Plain strings, and the link objects of HAL. @param {string} name */
  #href(name) {
    const { links } = this;
    const link = Object.hasOwn(links, name) ? links[name] : undefined;
    const href = typeof link === "string" ? link : objectOf(link).href;
    return typeof href === "string" ? href : undefined;
  }
}

/**
 * A JSON object; empty in place of anything else.
 * @param {unknown} value
 * @returns {Record<string, any>}
 */
const objectOf = (value) => (value !== null && typeof value === "object" && !Array.isArray(value) ? value : {});

/**
 * An address in full: on a page it may be relative to the page's.
 * @param {string | URL} address
 */
export const absolute = (address) => new URL(address, globalThis.document?.baseURI).href;
