function (results, context) {
  // Of each sum, how many primes were found in how many segments.
  return {
    type: 'table',
    columns: [
      { en: 'segments', es: 'segmentos', de: 'Abschnitte', fr: 'segments' },
      { en: 'primes', es: 'primos', de: 'Primzahlen', fr: 'nombres premiers' },
    ],
    rows: results.map(({ result }) => [result.segments, result.primes]),
    variables: results.map(({ variable }) => variable),
  };
}
