function (variable, context) {
  // Accepts one tile of a picture: {left, top, step} places the picture on the plane, {column, row} the tile
  // in the picture, {width, height} is its size in pixels and `limit` the steps after which to stop.
  const reject = (reason) => ({ valid: false, reason });

  if (variable === null || typeof variable !== 'object') return reject('the variable must be an object');
  for (const field of ['left', 'top']) {
    if (!Number.isFinite(variable[field]) || Math.abs(variable[field]) > 4) {
      return reject(`${field} must be a number from -4 to 4`);
    }
  }
  if (!Number.isFinite(variable.step) || variable.step <= 0 || variable.step > 1) {
    return reject('step must be a number above 0, 1 at most');
  }
  const ranges = {
    column: [0, 100000],
    row: [0, 100000],
    width: [1, 100],
    height: [1, 100],
    limit: [1, 1000],
  };
  for (const [field, [least, most]] of Object.entries(ranges)) {
    if (!Number.isInteger(variable[field]) || variable[field] < least || variable[field] > most) {
      return reject(`${field} must be an integer from ${least} to ${most}`);
    }
  }
  return true;
}
