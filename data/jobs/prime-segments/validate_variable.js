function (variable, context) {
  // Accepts {from, to}: integers with 0 <= from < to <= 1,000,000 and at most 100,000 numbers between them, which the
  // server can sieve again within its time limit. Seven digits hold both, so that segments sort by their names.
  const reject = (reason) => ({ valid: false, reason });

  if (variable === null || typeof variable !== 'object') return reject('the variable must be {from, to}');
  const { from, to } = variable;
  if (!Number.isInteger(from) || from < 0) return reject('from must be an integer, 0 or more');
  if (!Number.isInteger(to) || to > 1000000) return reject('to must be an integer, 1000000 or less');
  if (to <= from || to - from > 100000) return reject('to must be larger than from, by 100000 at most');
  return true;
}
