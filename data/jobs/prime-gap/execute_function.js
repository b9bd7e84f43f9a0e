function (variable, context) {
  // Finds the smallest prime above `number`, and how far away it is. Each odd number in turn is divided by odd numbers,
  // until one divides it or the square of the next is more. Both numbers are strings of digits, as in prime-test, whose
  // result a flow passes to this job. With at most 15 digits JavaScript's own numbers still count exactly.
  const number = Number(variable.number);

  function isPrime(odd) {
    for (let divisor = 3; divisor * divisor <= odd; divisor += 2) {
      if (odd % divisor === 0) return false;
    }
    return true;
  }

  let next = number % 2 === 0 ? number + 1 : number + 2;
  while (!isPrime(next)) next += 2;
  context.result = { number: variable.number, next: String(next), gap: next - number };
  return context;
}
