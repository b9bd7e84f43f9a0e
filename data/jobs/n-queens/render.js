function (results, context) {
  // The solutions found so far for each size of board: a queen in the first column in every row, added up.
  const found = new Map();
  for (const { input, result } of results) found.set(input.size, (found.get(input.size) ?? 0) + result.count);
  const sizes = [...found.keys()].sort((a, b) => a - b);
  return {
    type: 'histogram',
    caption: {
      en: 'Solutions found so far, by the size of the board.',
      es: 'Soluciones encontradas hasta ahora, según el tamaño del tablero.',
      de: 'Bisher gefundene Lösungen, nach der Größe des Bretts.',
      fr: 'Solutions trouvées jusqu’ici, selon la taille de l’échiquier.',
    },
    x_label: { en: 'size of the board', es: 'tamaño del tablero', de: 'Größe des Bretts', fr: 'taille de l’échiquier' },
    y_label: { en: 'solutions', es: 'soluciones', de: 'Lösungen', fr: 'solutions' },
    labels: sizes.map(String),
    counts: sizes.map((size) => found.get(size)),
  };
}
