function (variable, result, context) {
  // The product of the factors must be the number, and each factor a prime. No false result passes, and the check takes
  // a thousandth of the time of the search: a problem that is hard to solve and easy to check needs neither trust nor a
  // second volunteer.
  //
  // `variable` has passed validate_variable. The stored result is rebuilt from the checked field, so that no other
  // field is stored.
  const reject = (reason) => ({ valid: false, reason });

  if (result === null || typeof result !== 'object') return reject('the result must be {factors}');
  const { factors } = result;
  if (!Array.isArray(factors) || factors.length < 1 || factors.length > 59) {
    return reject('factors must be an array of 1 to 59 strings');
  }

  const primes = [];
  for (let index = 0; index < factors.length; index++) {
    if (typeof factors[index] !== 'string' || !/^[1-9][0-9]{0,17}$/.test(factors[index])) {
      return reject(`factors[${index}] must be a string of 1 to 18 digits, without zeros in front`);
    }
    primes.push(BigInt(factors[index]));
    if (index > 0 && primes[index] < primes[index - 1]) return reject('factors must be in ascending order');
  }
  if (primes.reduce((product, prime) => product * prime) !== BigInt(variable.number)) {
    return reject('factors do not give the number when multiplied');
  }

  function power(base, exponent, modulus) {
    let value = 1n;
    for (let square = base; exponent > 0n; exponent >>= 1n) {
      if (exponent & 1n) value = (value * square) % modulus;
      square = (square * square) % modulus;
    }
    return value;
  }

  // Miller and Rabin's test. Of the numbers below 3 * 10 ** 23 none but primes pass it with all of these bases.
  function isPrime(number) {
    const bases = [2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n, 23n, 29n, 31n, 37n];
    if (number < 2n) return false;
    if (bases.some((base) => number % base === 0n)) return bases.includes(number);
    let odd = number - 1n;
    let halvings = 0;
    for (; odd % 2n === 0n; odd /= 2n) halvings++;
    return bases.every((base) => {
      let value = power(base, odd, number);
      if (value === 1n) return true;
      for (let round = 0; round < halvings; round++) {
        if (value === number - 1n) return true;
        value = (value * value) % number;
      }
      return false;
    });
  }

  for (let index = 0; index < primes.length; index++) {
    if (!isPrime(primes[index])) return reject(`factors[${index}] is not a prime`);
  }
  return { valid: true, result: { factors } };
}
