function (results, context) {
  // Each number with the next prime, in the order of the numbers.
  const sorted = [...results].sort((a, b) => Number(a.input.number) - Number(b.input.number));
  return {
    type: 'table',
    columns: [
      { en: 'number', es: 'número', de: 'Zahl', fr: 'nombre' },
      { en: 'next prime', es: 'primo siguiente', de: 'nächste Primzahl', fr: 'premier suivant' },
      { en: 'gap', es: 'salto', de: 'Lücke', fr: 'écart' },
    ],
    rows: sorted.map(({ result }) => [result.number, result.next, result.gap]),
    variables: sorted.map(({ variable }) => variable),
  };
}
