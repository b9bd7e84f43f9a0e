function (variable, context) {
  // Accepts {number, digits}: a whole number above 0 as a string of at most 18 digits, and how many decimal places its
  // root is to have, at most 1000, which the server can multiply within its time limit.
  const reject = (reason) => ({ valid: false, reason });

  if (variable === null || typeof variable !== 'object') return reject('the variable must be {number, digits}');
  const { number, digits } = variable;
  if (typeof number !== 'string' || !/^[1-9][0-9]{0,17}$/.test(number)) {
    return reject('number must be a string of 1 to 18 digits, without zeros in front');
  }
  if (!Number.isInteger(digits) || digits < 1 || digits > 1000) {
    return reject('digits must be an integer from 1 to 1000');
  }
  return true;
}
