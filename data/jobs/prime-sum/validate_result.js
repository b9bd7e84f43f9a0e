function (variable, result, context) {
  // Adds up again: the sum must be equal.
  //
  // `variable` has passed validate_variable. The reasons never contain the right value, since anyone who
  // guesses can read them. The stored result is rebuilt from the checked fields, so that no other field is
  // stored.
  const reject = (reason) => ({ valid: false, reason });

  if (result === null || typeof result !== 'object') return reject('the result must be {primes, segments}');
  let primes = 0;
  let segments = 0;
  for (const segment in variable) {
    primes += variable[segment];
    segments++;
  }
  if (result.primes !== primes) return reject('primes is not the sum of the counts');
  if (result.segments !== segments) return reject('segments is not the number of counts');
  return { valid: true, result: { primes, segments } };
}
