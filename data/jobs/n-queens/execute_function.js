function (variable, context) {
  // Counts the ways to complete a board of `size` by `size` squares with one queen in each column, so that no
  // queen attacks another. The queens of the first columns stand already: rows[column] is the row of each.
  const { size } = variable;
  const rows = [...variable.rows];

  function isSafe(row) {
    const column = rows.length;
    return rows.every((other, index) => other !== row && Math.abs(other - row) !== column - index);
  }

  function countCompletions() {
    if (rows.length === size) return 1;
    let count = 0;
    for (let row = 0; row < size; row++) {
      if (!isSafe(row)) continue;
      rows.push(row);
      count += countCompletions();
      rows.pop();
    }
    return count;
  }

  context.result = { count: countCompletions() };
  return context;
}
