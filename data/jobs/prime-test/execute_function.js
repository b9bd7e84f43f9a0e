function (variable, context) {
  // Tells whether `number` is a prime. It is divided by 2, and then by each odd number in turn, until one divides it or
  // the square of the next is more than the number. It comes as digits, as prime-factors and prime-gap take it too: a
  // flow gives the result to one of them. With at most 15 digits JavaScript's own numbers still count exactly.
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
