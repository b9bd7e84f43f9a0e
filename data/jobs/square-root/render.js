function (results, context) {
  // The first places of each guess, and whether the root has settled.
  return {
    type: 'table',
    columns: [
      { en: 'number', es: 'número', de: 'Zahl', fr: 'nombre' },
      { en: 'guess', es: 'aproximación', de: 'Näherung', fr: 'approximation' },
      { en: 'settled', es: 'definitiva', de: 'endgültig', fr: 'définitive' },
    ],
    rows: results.map(({ input, result }) => [input.number, result.root.slice(0, 60), result.settled ? '✓' : '–']),
    variables: results.map(({ variable }) => variable),
  };
}
