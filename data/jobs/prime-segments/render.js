function (results, context) {
  // The primes of each segment, whose name is the key of its count.
  const counts = results.flatMap(({ result }) => Object.entries(result)).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    type: 'histogram',
    caption: {
      en: 'Primes in each segment of fifty thousand numbers.',
      es: 'Números primos en cada segmento de cincuenta mil números.',
      de: 'Primzahlen in jedem Abschnitt von fünfzigtausend Zahlen.',
      fr: 'Nombres premiers dans chaque segment de cinquante mille nombres.',
    },
    x_label: {
      en: 'start of the segment',
      es: 'inicio del segmento',
      de: 'Anfang des Abschnitts',
      fr: 'début du segment',
    },
    y_label: { en: 'primes', es: 'primos', de: 'Primzahlen', fr: 'nombres premiers' },
    labels: counts.map(([name]) => String(parseInt(name, 10))),
    counts: counts.map(([, count]) => count),
  };
}
