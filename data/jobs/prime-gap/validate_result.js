function (variable, result, context) {
  // Looks for the next prime again, with another test, which takes far less time: the widest gap below 10 ** 15 is
  // one of 906 numbers.
  //
  // `variable` has passed validate_variable. The reasons never contain the right value, since anyone who guesses can
  // read them. The stored result is rebuilt from the checked fields, so that no other field is stored.
  const reject = (reason) => ({ valid: false, reason });

  if (result === null || typeof result !== 'object') return reject('the result must be {number, next, gap}');
  const { number } = variable;
  if (result.number !== number) return reject('number must be that of the variable');

  function power(base, exponent, modulus) {
    let value = 1n;
    for (let square = base; exponent > 0n; exponent >>= 1n) {
      if (exponent & 1n) value = (value * square) % modulus;
      square = (square * square) % modulus;
    }
    return value;
  }

  // Miller and Rabin's test. Of the numbers below 3 * 10 ** 18 none but primes pass it with all of these bases.
  function isPrime(candidate) {
    const bases = [2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n, 23n];
    if (bases.some((base) => candidate % base === 0n)) return bases.includes(candidate);
    let odd = candidate - 1n;
    let halvings = 0;
    for (; odd % 2n === 0n; odd /= 2n) halvings++;
    return bases.every((base) => {
      let value = power(base, odd, candidate);
      if (value === 1n) return true;
      for (let round = 0; round < halvings; round++) {
        if (value === candidate - 1n) return true;
        value = (value * value) % candidate;
      }
      return false;
    });
  }

  const start = BigInt(number);
  let prime = start + 1n;
  while (!isPrime(prime)) prime++;
  const next = String(prime);
  const gap = Number(prime - start);
  if (result.next !== next) return reject('next is not the digits of the next prime');
  if (result.gap !== gap) return reject('gap is not the distance to the next prime');
  return { valid: true, result: { number, next, gap } };
}
