// Documents of a pool and their links: templates are expanded, and resolved against the document's address.
import { MissingLink } from "./errors.js";
import { expand } from "./template.js";

/** @typedef {import("./template.js").Values} Values */
/** @typedef {Record<string, any>} Content */

/** A JSON object of a pool, with the address that it was read from. */
export class Document {
  /**
   * @param {string} address
   * @param {Content} content
   * @param {Headers} [headers] of the response
   */
  constructor(address, content, headers = new Headers()) {
    this.address = address;
    this.content = content;
    this.headers = headers;
  }

  /** The content without `_links` and `_embedded`; of a variable that is no object, its value. @returns {any} */
  get data() {
    const { _links, _embedded, ...data } = this.content;
    const embedded = objectOrEmpty(_embedded);
    return Object.hasOwn(embedded, "variable") ? embedded.variable : data;
  }

  /**
   * The links as they were received, by name.
   * @returns {Record<string, unknown>}
   */
  get links() {
    return objectOrEmpty(this.content._links);
  }

  /** @param {string} name of a link */
  has(name) {
    return this.href(name) !== undefined;
  }

  /**
   * The absolute address of a link. Throws MissingLink.
   * @param {string} name
   * @param {Values} [values] for the link's template
   */
  link(name, values = {}) {
    const href = this.href(name);
    if (href === undefined) throw new MissingLink(name, this.address);
    try {
      return new URL(expand(href, values), this.address).href;
    } catch {
      throw new MissingLink(name, this.address);
    }
  }

  /**
   * @param {string} name of an embedded document
   * @returns {any} undefined if there is none
   */
  embedded(name) {
    return objectOrEmpty(this.content._embedded)[name];
  }

  /**
   * The documents of one page of a collection.
   * @returns {Document[]}
   */
  items() {
    const items = this.embedded("items");
    const documents = Array.isArray(items) ? items.filter((item) => objectOrEmpty(item) === item) : [];
    return documents.map((item) => new Document(this.address, item, this.headers));
  }

  /** A link as it was received: a plain string, or that of a link object of HAL. @param {string} name */
  href(name) {
    const { links } = this;
    const link = Object.hasOwn(links, name) ? links[name] : undefined;
    const href = typeof link === "string" ? link : objectOrEmpty(link).href;
    return typeof href === "string" ? href : undefined;
  }
}

/**
 * @param {unknown} value
 * @returns {Record<string, any>}
 */
const objectOrEmpty = (value) =>
  value !== null && typeof value === "object" && !Array.isArray(value) ? value : {};

/**
 * An absolute address; relative ones are resolved against the page's.
 * @param {string | URL} address
 */
export const absolute = (address) => new URL(address, globalThis.document?.baseURI).href;
