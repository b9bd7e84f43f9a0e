function (variable, result, context) {
  // Counts again: the number must be equal. The method differs from execute_function's, so that one mistake
  // cannot be in both; it is many times faster: the attacked rows of a column are the bits of three integers.
  //
  // `variable` has passed validate_variable. The reason never contains the right value, since anyone who
  // guesses can read it. The stored result is rebuilt from the checked field, so that no other field is
  // stored.
  const reject = (reason) => ({ valid: false, reason });

  if (result === null || typeof result !== 'object') return reject('the result must be {count}');
  if (!Number.isInteger(result.count) || result.count < 0) {
    return reject('count must be an integer, 0 or more');
  }

  const { size, rows } = variable;
  const board = (1 << size) - 1;

  // straight, rising, falling: the rows of this column that earlier queens attack along each direction
  function countCompletions(column, straight, rising, falling) {
    if (column === size) return 1;
    const allowed = column < rows.length ? 1 << rows[column] : board;
    let free = allowed & ~(straight | rising | falling);
    let count = 0;
    while (free) {
      const queen = free & -free;
      free ^= queen;
      count += countCompletions(column + 1, straight | queen, (rising | queen) << 1, (falling | queen) >> 1);
    }
    return count;
  }

  const count = countCompletions(0, 0, 0, 0);
  if (result.count !== count) return reject('count is not the number of ways to place the remaining queens');
  return { valid: true, result: { count } };
}
