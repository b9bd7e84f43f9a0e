function (variable, context) {
  // Takes one step of Newton's method towards the square root of `number`: half-way between a guess and the number
  // divided by that guess is a better one. The guess is the root of the last result, which `context.result` holds where
  // a flow repeats this job, and the number itself in the first step.
  //
  // All values are in units of the last decimal place, and rounded down. The root has settled when it is the largest
  // number of these units whose square is not too large.
  const { number, digits } = variable;
  const one = 10n ** BigInt(digits);
  const square = BigInt(number) * one * one;
  const guess = context.result ? BigInt(context.result.root.replace('.', '')) : BigInt(number) * one;

  const root = (guess + square / guess) / 2n;
  const settled = root * root <= square && square < (root + 1n) * (root + 1n);
  context.result = { root: `${root / one}.${String(root % one).padStart(digits, '0')}`, settled };
  return context;
}
