function (variable, context) {
  // Tests whether `number` is a prime. It is divided by 2, and then by each odd number in turn, until one divides it or
  // the square of the next is more than the number. It is a string of digits, as in prime-factors and prime-gap: a flow
  // passes the result to one of them. With at most 15 digits JavaScript's own numbers still count exactly.
  const number = Number(variable.number);

  function isPrime() {
    if (number % 2 === 0) return number === 2;
    for (let divisor = 3; divisor * divisor <= number; divisor += 2) {
      if (number % divisor === 0) return false;
    }
    return true;
  }

  context.result = { number: variable.number, prime: isPrime() };
  return context;
}
