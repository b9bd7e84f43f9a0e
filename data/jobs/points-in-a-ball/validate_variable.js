function (variable, context) {
  // Accepts {radius, from, to}: the slices with from <= x < to of a ball whose radius is 20,000 at most, so that no
  // count is beyond 32 bits, and at most 1000 of them.
  const reject = (reason) => ({ valid: false, reason });

  if (variable === null || typeof variable !== 'object') return reject('the variable must be {radius, from, to}');
  const { radius, from, to } = variable;
  if (!Number.isInteger(radius) || radius < 1 || radius > 20000) {
    return reject('radius must be an integer from 1 to 20000');
  }
  if (!Number.isInteger(from) || from < 0) return reject('from must be an integer, 0 or more');
  if (!Number.isInteger(to) || to > radius + 1) return reject('to must be an integer, at most radius + 1');
  if (to <= from || to - from > 1000) return reject('to must be larger than from, by 1000 at most');
  return true;
}
