function (variable, context) {
  // Adds up what the segments of prime-segments have counted: `variable` is their results, merged into one object.
  const counts = Object.values(variable);
  context.result = { primes: counts.reduce((sum, count) => sum + count, 0), segments: counts.length };
  return context;
}
