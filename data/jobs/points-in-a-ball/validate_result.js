function (variable, result, context) {
  // Holds every slice against its area, then counts slices again in random order until `effort` rows are spent: all of
  // them where the ball is small, twenty-five where it is the largest. There, a unit with one slice in ten made up
  // passes once in fourteen times. And a made-up count can't be far from the true one: as Gauss found, a disc of radius
  // r holds from pi * (r - d) ** 2 to pi * (r + d) ** 2 points, where d is half the diagonal of a square.
  //
  // The method differs from execute_function's, so that one mistake cannot be in both: along the edge, where z only
  // falls while y rises, so that no roots are needed.
  //
  // `variable` has passed validate_variable. The reasons never contain the right value, since anyone who guesses can
  // read them. The stored result is rebuilt from the checked field, so that no other field is stored.
  const effort = 500000;
  const reject = (reason) => ({ valid: false, reason });

  if (result === null || typeof result !== 'object') return reject('the result must be {counts}');
  const { radius, from, to } = variable;
  const { counts } = result;
  if (!Array.isArray(counts) || counts.length !== to - from) {
    return reject(`counts must be an array of ${to - from} integers, one for each slice`);
  }

  function isPlausible(x, count) {
    const edge = Math.sqrt(radius * radius - x * x);
    const least = Math.max(0, edge - Math.SQRT1_2);
    const most = edge + Math.SQRT1_2;
    return count >= Math.PI * least * least && count <= Math.PI * most * most;
  }

  for (let index = 0; index < counts.length; index++) {
    if (!Number.isInteger(counts[index]) || !isPlausible(from + index, counts[index])) {
      return reject(`counts[${index}] must be an integer about as large as the area of its slice`);
    }
  }

  // An eighth of the slice, 1 <= y <= z, stands for the others: mirrored, less the diagonal that both halves hold, it
  // is a quarter. Four of these, the four arms with y = 0 or z = 0, and the middle point are all.
  function countPoints(x) {
    const arm = Math.floor(Math.sqrt(radius * radius - x * x));
    let left = radius * radius - x * x - arm * arm - 1; // of the squared radius, at (y, z)
    let y = 1;
    let z = arm;
    let eighth = 0;
    for (; ; y++) {
      while (z >= y && left < 0) left += 2 * z-- - 1;
      if (z < y) break;
      eighth += z;
      left -= 2 * y + 1;
    }
    const diagonal = y - 1;
    return 4 * (2 * eighth - diagonal * diagonal + arm) + 1;
  }

  const unchecked = counts.map((_, index) => index);
  for (let spent = 0; unchecked.length > 0 && spent < effort; spent += radius) {
    const pick = Math.floor(Math.random() * unchecked.length);
    const index = unchecked[pick];
    unchecked[pick] = unchecked[unchecked.length - 1];
    unchecked.pop();
    if (counts[index] !== countPoints(from + index)) {
      return reject(`counts[${index}] is not the number of points of its slice`);
    }
  }
  return { valid: true, result: { counts } };
}
