function (results, context) {
  // Each number with the answer.
  return {
    type: 'table',
    columns: [
      { en: 'number', es: 'número', de: 'Zahl', fr: 'nombre' },
      { en: 'is prime', es: 'es primo', de: 'ist prim', fr: 'est premier' },
    ],
    rows: results.map(({ result }) => [result.number, result.prime ? '✓' : '–']),
    variables: results.map(({ variable }) => variable),
  };
}
