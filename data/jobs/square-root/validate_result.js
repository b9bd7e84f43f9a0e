function (variable, result, context) {
  // Checks that this is the step after the last result, which is in `context.starting_context` from a flow's second
  // step on; without it, after the number itself. Each step has exactly one right result, so no false one passes. It is
  // found by division and checked by multiplication: the next root is (guess * guess + square) / (2 * guess), rounded
  // down.
  //
  // `variable` has passed validate_variable, and the last result this function. The stored result is rebuilt from the
  // checked fields, so that no other field is stored.
  const reject = (reason) => ({ valid: false, reason });

  if (result === null || typeof result !== 'object') return reject('the result must be {root, settled}');
  const { number, digits } = variable;
  const { root, settled } = result;
  if (typeof root !== 'string' || !new RegExp(`^[1-9][0-9]{0,17}\\.[0-9]{${digits}}$`).test(root)) {
    return reject(`root must be a string of digits, ${digits} of them behind the point`);
  }
  if (typeof settled !== 'boolean') return reject('settled must be true or false');

  const inUnits = (text) => BigInt(text.replace('.', '')); // of the last decimal place
  const zeros = '0'.repeat(digits);
  const square = inUnits(number + zeros + zeros);
  const last = context?.starting_context?.result;
  const guess = inUnits(last ? last.root : number + zeros);
  const found = inUnits(root);

  const rest = guess * guess + square - 2n * guess * found;
  if (rest < 0n || rest >= 2n * guess) return reject('root is not where the next step leads');
  const isRight = found ** 2n <= square && square < (found + 1n) ** 2n;
  if (settled !== isRight) return reject('settled must be true when all digits of the root are right, and not before');
  return { valid: true, result: { root, settled } };
}
