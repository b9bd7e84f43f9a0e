function (variable, result, context) {
  // Tests the number in another way: the result must be equal. However large the number, this takes less than a
  // millisecond.
  //
  // `variable` has passed validate_variable. The stored result is rebuilt from the checked fields, so that no other
  // field is stored.
  const reject = (reason) => ({ valid: false, reason });

  if (result === null || typeof result !== 'object') return reject('the result must be {number, prime}');
  const { number, prime } = result;
  if (number !== variable.number) return reject('number must be that of the variable');
  if (typeof prime !== 'boolean') return reject('prime must be true or false');

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

  if (prime !== isPrime(BigInt(number))) return reject('prime must tell whether the number is a prime');
  return { valid: true, result: { number, prime } };
}
