// The seed of a unit's random numbers, computed alike by the pool and by each client.

/**
 * An integer below 2^53: cyrb53 (bryc, public domain) of both ids. It is no secret.
 * @param {string} job @param {string} variable
 */
export function unitSeed(job, variable) {
  let [high, low] = [0x41c6ce57, 0xdeadbeef];
  for (const character of `${job}/${variable}`) {
    const code = character.charCodeAt(0);
    low = Math.imul(low ^ code, 2654435761);
    high = Math.imul(high ^ code, 1597334677);
  }
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  return (high & 0x1fffff) * 2 ** 32 + (low >>> 0);
}
