function (variable, context) {
  // Finds the prime factors of `number`, a string of digits: JSON parsers round numbers above 2^53. It is divided by 2
  // as often as that goes, then by each odd number in turn, until the square of that is more than what is left.
  //
  // The divisions are WebAssembly's, on whole numbers of 64 bits, of which JavaScript has none but BigInt, many times
  // slower. The function made from the bytes below is kept in `context`, so that they are compiled once per worker.
  const bytes = [
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, // a module of version 1
    0x01, 0x07, 0x01, 0x60, 0x02, 0x7e, 0x7e, 0x01, 0x7e, // its one type: (number: i64, divisor: i64) -> i64
    0x03, 0x02, 0x01, 0x00, // its one function, of that type
    0x07, 0x0a, 0x01, 0x06, 0x64, 0x69, 0x76, 0x69, 0x64, 0x65, 0x00, 0x00, // which is exported as "divide"
    0x0a, 0x2b, 0x01, 0x29, 0x00, // and has 41 bytes, no local variables
    0x03, 0x40, // loop
    0x20, 0x01, 0x20, 0x01, 0x7e, 0x20, 0x00, 0x56, //   divisor * divisor > number, without signs
    0x04, 0x40, 0x20, 0x00, 0x0f, 0x0b, //   if so, return number
    0x20, 0x00, 0x20, 0x01, 0x82, 0x50, //   number % divisor == 0, without signs
    0x04, 0x40, 0x20, 0x01, 0x0f, 0x0b, //   if so, return divisor
    0x20, 0x01, 0x42, 0x02, 0x7c, 0x21, 0x01, //   divisor = divisor + 2
    0x0c, 0x00, 0x0b, //   once more; end of the loop
    0x00, 0x0b, // never come to; end of the function
  ];

  function compiled() {
    const module = new WebAssembly.Module(new Uint8Array(bytes));
    return new WebAssembly.Instance(module).exports.divide;
  }

  if (typeof context.divide !== 'function') context.divide = compiled();
  const factors = [];
  let rest = BigInt(variable.number);
  for (; rest % 2n === 0n; rest /= 2n) factors.push(2n);
  for (let factor = 3n; rest > 1n; rest /= factor) {
    factor = context.divide(rest, factor); // the smallest prime that divides `rest`
    factors.push(factor);
  }
  context.result = { factors: factors.map(String) };
  return context;
}
