function (variable, context) {
  // Accepts {size, rows}: a board of at most 12 by 12 and the rows of the queens in its first columns, none
  // attacking another, with at most 10 columns left free, which the server can count again in milliseconds.
  const reject = (reason) => ({ valid: false, reason });

  if (variable === null || typeof variable !== 'object') return reject('the variable must be {size, rows}');
  const { size, rows } = variable;
  if (!Number.isInteger(size) || size < 1 || size > 12) return reject('size must be an integer from 1 to 12');
  if (!Array.isArray(rows) || rows.length > size || rows.length < size - 10) {
    return reject('rows must be an array that places a queen in every column but the last 10 at most');
  }
  for (let column = 0; column < rows.length; column++) {
    const row = rows[column];
    if (!Number.isInteger(row) || row < 0 || row >= size) {
      return reject(`rows[${column}] must be an integer from 0 to ${size - 1}`);
    }
    for (let earlier = 0; earlier < column; earlier++) {
      const distance = Math.abs(rows[earlier] - row);
      if (distance === 0 || distance === column - earlier) {
        return reject(`rows[${column}] is attacked by the queen of rows[${earlier}]`);
      }
    }
  }
  return true;
}
