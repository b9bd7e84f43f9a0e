function (results, context) {
  // The points of each slice of the ball, from its middle to its rim, where the slices become small.
  const sorted = [...results].sort((a, b) => a.input.from - b.input.from);
  return {
    type: 'series',
    caption: {
      en: 'Points in the slices of the ball, from the middle outwards.',
      es: 'Puntos en los cortes de la bola, desde el centro hacia fuera.',
      de: 'Punkte in den Scheiben der Kugel, von der Mitte nach außen.',
      fr: 'Points dans les tranches de la boule, du centre vers le bord.',
    },
    x_label: {
      en: 'distance of the slice',
      es: 'distancia del corte',
      de: 'Abstand der Scheibe',
      fr: 'distance de la tranche',
    },
    y_label: { en: 'points', es: 'puntos', de: 'Punkte', fr: 'points' },
    series: [{ x: sorted.map(({ input }) => input.from), y: sorted.map(({ result }) => result.counts[0]) }],
  };
}
