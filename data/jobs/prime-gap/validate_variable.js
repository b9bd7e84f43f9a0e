function (variable, context) {
  // Accepts {number}: the digits of a whole number from 2 to 10 ** 15 - 1, as a string. The longest search below that
  // tries some 16 million divisors for each of a few numbers, which takes a computer about a second. Other fields, such
  // as `prime` of a result of prime-test, are ignored.
  const reject = (reason) => ({ valid: false, reason });

  if (variable === null || typeof variable !== 'object') return reject('the variable must be {number}');
  const { number } = variable;
  if (typeof number !== 'string' || !/^[1-9][0-9]{0,14}$/.test(number) || number === '1') {
    return reject('number must be a string of 1 to 15 digits, without zeros in front, and above 1');
  }
  return true;
}
