function (variable, context) {
  // Counts for each pixel of one tile how many steps z -> z * z + c stay within the distance 2 of zero, up to
  // `limit`. The pixel at (column, row) of the whole picture is c = left + column * step, top - row * step.
  //
  // The result reads like the picture: rows[y] is a line of text with two digits in base 36 for each pixel,
  // so that the count of a pixel is parseInt(rows[y].slice(2 * x, 2 * x + 2), 36).
  //
  // Only + - * on doubles: every engine rounds each alike, so that all volunteers find the same counts.
  const { left, top, step, column, row, width, height, limit } = variable;

  function countSteps(real, imaginary) {
    let x = 0;
    let y = 0;
    let count = 0;
    while (count < limit) {
      const xx = x * x;
      const yy = y * y;
      if (xx + yy > 4) break;
      y = 2 * x * y + imaginary;
      x = xx - yy + real;
      count++;
    }
    return count;
  }

  const rows = [];
  for (let y = 0; y < height; y++) {
    const imaginary = top - (row + y) * step;
    let line = '';
    for (let x = 0; x < width; x++) {
      const real = left + (column + x) * step;
      line += countSteps(real, imaginary).toString(36).padStart(2, '0');
    }
    rows.push(line);
  }
  context.result = { rows };
  return context;
}
