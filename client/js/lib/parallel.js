// Several asynchronous calls at once, but not too many.

/** A browser has so many connections to one host. */
const CONNECTIONS = 6;

/**
 * Calls with each item, a few at a time; rejects with the first error.
 * @template Item
 * @param {Iterable<Item>} items
 * @param {(item: Item) => Promise<unknown>} call
 */
export async function callEach(items, call) {
  const iterator = items[Symbol.iterator]();
  const work = async () => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) await call(next.value);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
}
