function (variable, result, context) {
  // Counts again: the number must be equal, under the segment's name. The method differs from execute_function's, so
  // that one mistake cannot be in both: here only odd numbers have a place, and the small primes, which alone strike,
  // are found by dividing.
  //
  // `variable` has passed validate_variable. The reasons never contain the right value, since anyone who guesses can
  // read them. The stored result is rebuilt from the checked field: a result with names of its own would change other
  // segments' counts where a flow merges them.
  const reject = (reason) => ({ valid: false, reason });

  const { from, to } = variable;
  const [begin, end] = [from, to].map((number) => String(number).padStart(7, '0'));
  const name = `${begin}-${end}`;
  if (result === null || typeof result !== 'object') return reject(`the result must be {"${name}": count}`);
  if (!Number.isInteger(result[name]) || result[name] < 0) return reject(`${name} must be an integer, 0 or more`);

  const start = Math.max(from, 3) | 1; // index i stands for the number start + 2 * i
  const length = Math.max(0, Math.ceil((to - start) / 2));
  const struck = new Uint8Array(length);
  const primes = [];
  for (let divisor = 3; divisor * divisor < to; divisor += 2) {
    if (primes.some((prime) => divisor % prime === 0)) continue;
    primes.push(divisor);
    const factor = Math.max(divisor, Math.ceil(start / divisor)) | 1;
    for (let index = (factor * divisor - start) / 2; index < length; index += divisor) struck[index] = 1;
  }

  let count = from <= 2 && to > 2 ? 1 : 0; // the one even prime
  for (let index = 0; index < length; index++) {
    if (!struck[index]) count++;
  }
  if (result[name] !== count) return reject(`${name} is not the number of primes of this segment`);
  return { valid: true, result: { [name]: count } };
}
