function (results, context) {
  // Each number as a point: how large it is, and how large its smallest factor, as powers of ten. The dearest to take
  // apart are those on top.
  const digits = (text) => Math.log10(Number(text));
  return {
    type: 'points',
    caption: {
      en: 'The smallest prime factor of each number, by the number’s size.',
      es: 'El menor factor primo de cada número, según su tamaño.',
      de: 'Der kleinste Primfaktor jeder Zahl, nach ihrer Größe.',
      fr: 'Le plus petit facteur premier de chaque nombre, selon sa taille.',
    },
    x_label: {
      en: 'number, powers of ten',
      es: 'número, potencias de diez',
      de: 'Zahl, Zehnerpotenzen',
      fr: 'nombre, puissances de dix',
    },
    y_label: { en: 'smallest factor', es: 'menor factor', de: 'kleinster Faktor', fr: 'plus petit facteur' },
    x: results.map(({ input }) => digits(input.number)),
    y: results.map(({ result }) => digits(result.factors[0])),
    variables: results.map(({ variable }) => variable),
  };
}
