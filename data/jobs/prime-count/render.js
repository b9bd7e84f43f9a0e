function (results, context) {
  // How many primes there are in each segment, and how many of them are twins: fewer and fewer, ever more slowly.
  const sorted = [...results].sort((a, b) => a.input.from - b.input.from);
  const x = sorted.map(({ input }) => input.from);
  return {
    type: 'series',
    caption: {
      en: 'Primes in each segment of a hundred thousand numbers.',
      es: 'Números primos en cada segmento de cien mil números.',
      de: 'Primzahlen in jedem Abschnitt von hunderttausend Zahlen.',
      fr: 'Nombres premiers dans chaque segment de cent mille nombres.',
    },
    x_label: {
      en: 'start of the segment',
      es: 'inicio del segmento',
      de: 'Anfang des Abschnitts',
      fr: 'début du segment',
    },
    series: [
      {
        name: { en: 'primes', es: 'primos', de: 'Primzahlen', fr: 'nombres premiers' },
        x,
        y: sorted.map(({ result }) => result.count),
      },
      {
        name: { en: 'twins', es: 'gemelos', de: 'Zwillinge', fr: 'jumeaux' },
        x,
        y: sorted.map(({ result }) => result.twins),
      },
    ],
  };
}
