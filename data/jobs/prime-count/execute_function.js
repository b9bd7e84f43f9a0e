function (variable, context) {
  // Counts the primes in [from, to) with a sieve of Eratosthenes over this one segment, and the twins: the
  // primes p of the segment for which p + 2 is a prime too.
  //
  // The small primes that do the striking are the same for every segment, so they are kept in `context` and
  // found again only when a segment needs larger ones. A plain array, because a context may travel as JSON.
  const { from, to } = variable;
  const end = to + 2; // where the twin of the segment's last prime may be

  function primesBelow(limit) {
    const struck = new Uint8Array(limit);
    const primes = [];
    for (let number = 2; number < limit; number++) {
      if (struck[number]) continue;
      primes.push(number);
      for (let multiple = number * number; multiple < limit; multiple += number) struck[multiple] = 1;
    }
    return primes;
  }

  function smallPrimes() {
    const needed = Math.ceil(Math.sqrt(end));
    const kept = context.primes;
    if (kept && Array.isArray(kept.list) && kept.below >= needed) return kept.list;
    context.primes = { below: needed, list: primesBelow(needed) };
    return context.primes.list;
  }

  const struck = new Uint8Array(end - from);
  for (let number = from; number < 2; number++) struck[number - from] = 1;
  for (const prime of smallPrimes()) {
    const first = Math.max(prime, Math.ceil(from / prime)) * prime;
    for (let multiple = first; multiple < end; multiple += prime) struck[multiple - from] = 1;
  }

  let count = 0;
  let twins = 0;
  for (let index = 0; index < to - from; index++) {
    if (struck[index]) continue;
    count++;
    if (!struck[index + 2]) twins++;
  }
  context.result = { count, twins };
  return context;
}
