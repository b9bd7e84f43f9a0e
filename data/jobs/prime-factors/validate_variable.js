function (variable, context) {
  // Accepts {number}: the digits of a whole number from 2 to 10 ** 18 - 1, as a string. The longest search below that
  // tries half a billion divisors, which takes a computer a few seconds.
  const reject = (reason) => ({ valid: false, reason });

  if (variable === null || typeof variable !== 'object') return reject('the variable must be {number}');
  const { number } = variable;
  if (typeof number !== 'string' || !/^[1-9][0-9]{0,17}$/.test(number) || number === '1') {
    return reject('number must be a string of 1 to 18 digits, without zeros in front, and above 1');
  }
  return true;
}
