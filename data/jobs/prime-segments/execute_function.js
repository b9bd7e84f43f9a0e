function (variable, context) {
  // Counts the primes in [from, to) with a sieve of Eratosthenes over this one segment.
  //
  // The key of the count is the segment's own name, which begins with the start of the segment. A flow merges the
  // results of all segments into one object: with one key for all, only the last would remain.
  const { from, to } = variable;
  const struck = new Uint8Array(to - from);
  for (let number = from; number < Math.min(to, 2); number++) struck[number - from] = 1;
  for (let divisor = 2; divisor * divisor < to; divisor++) {
    const first = Math.max(divisor, Math.ceil(from / divisor)) * divisor;
    for (let multiple = first; multiple < to; multiple += divisor) struck[multiple - from] = 1;
  }

  const [begin, end] = [from, to].map((number) => String(number).padStart(7, '0'));
  context.result = { [`${begin}-${end}`]: struck.filter((isStruck) => !isStruck).length };
  return context;
}
