function (variable, result, context) {
  // Checks the form of every pixel, then computes pixels again in random order until `effort` steps are
  // spent: all of them where the counts are low, and four hundred where every pixel takes a thousand steps.
  // Even such a tile, with one pixel in fifty made up, passes less than once in a thousand times. The counts
  // must be equal, not similar: execute_function explains why they are.
  //
  // `variable` has passed validate_variable. The reasons never contain the right value, since anyone who
  // guesses can read them. The stored result is rebuilt from the checked field, so that no other field is
  // stored.
  const effort = 400000;
  const reject = (reason) => ({ valid: false, reason });

  if (result === null || typeof result !== 'object') return reject('the result must be {rows}');
  const { left, top, step, column, row, width, height, limit } = variable;
  const { rows } = result;
  if (!Array.isArray(rows) || rows.length !== height) {
    return reject(`rows must be an array of ${height} strings`);
  }

  const counts = [];
  for (let y = 0; y < height; y++) {
    if (typeof rows[y] !== 'string' || rows[y].length !== 2 * width || !/^[0-9a-z]*$/.test(rows[y])) {
      return reject(`rows[${y}] must be a string of ${width} pixels, two digits of 0-9a-z each`);
    }
    for (let x = 0; x < width; x++) {
      const count = parseInt(rows[y].slice(2 * x, 2 * x + 2), 36);
      if (count < 1 || count > limit) return reject(`rows[${y}] has a count that is not from 1 to ${limit}`);
      counts.push(count);
    }
  }

  function takesSteps(real, imaginary, count) {
    let x = 0;
    let y = 0;
    for (let done = 0; done < count; done++) {
      const xx = x * x;
      const yy = y * y;
      if (xx + yy > 4) return false;
      y = 2 * x * y + imaginary;
      x = xx - yy + real;
    }
    return count === limit || x * x + y * y > 4;
  }

  const unchecked = counts.map((_, index) => index);
  let spent = 0;
  while (unchecked.length > 0 && spent < effort) {
    const pick = Math.floor(Math.random() * unchecked.length);
    const index = unchecked[pick];
    unchecked[pick] = unchecked[unchecked.length - 1];
    unchecked.pop();

    const x = index % width;
    const y = (index - x) / width;
    if (!takesSteps(left + (column + x) * step, top - (row + y) * step, counts[index])) {
      return reject(`rows[${y}] has a count that is wrong`);
    }
    spent += counts[index];
  }
  return { valid: true, result: { rows } };
}
