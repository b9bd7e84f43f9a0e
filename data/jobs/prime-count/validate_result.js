function (variable, result, context) {
  // Counts again: the numbers must be equal. The method differs from execute_function's, so that one mistake
  // cannot be in both: here only odd numbers have a place, and every odd number strikes, prime or not, so
  // that no list of primes is needed.
  //
  // `variable` has passed validate_variable. The reasons never contain the right value, since anyone who
  // guesses can read them. The stored result is rebuilt from the checked fields, so that no other field is
  // stored.
  const reject = (reason) => ({ valid: false, reason });

  if (result === null || typeof result !== 'object') return reject('the result must be {count, twins}');
  for (const field of ['count', 'twins']) {
    if (!Number.isInteger(result[field]) || result[field] < 0) {
      return reject(`${field} must be an integer, 0 or more`);
    }
  }

  const { from, to } = variable;
  const start = Math.max(from, 3) | 1; // index i stands for the number start + 2 * i
  const length = Math.max(0, Math.ceil((to - start) / 2));
  const struck = new Uint8Array(length + 1); // one more, for the twin of the last
  const last = start + 2 * length;
  for (let divisor = 3; divisor * divisor <= last; divisor += 2) {
    let factor = Math.max(divisor, Math.ceil(start / divisor));
    if (factor % 2 === 0) factor++;
    for (let index = (factor * divisor - start) / 2; index <= length; index += divisor) struck[index] = 1;
  }

  let count = from <= 2 && to > 2 ? 1 : 0; // the one even prime
  let twins = 0;
  for (let index = 0; index < length; index++) {
    if (struck[index]) continue;
    count++;
    if (!struck[index + 1]) twins++;
  }
  if (result.count !== count) return reject(`count is not the number of primes from ${from} to ${to}`);
  if (result.twins !== twins) return reject(`twins is not the number of twin primes from ${from} to ${to}`);
  return { valid: true, result: { count, twins } };
}
