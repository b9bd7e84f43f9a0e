function (results, context) {
  // A fingerprint of 32 bits is as likely to be small as large: all bars become equally high.
  const bars = 16;
  const lowest = -(2 ** 31);
  const counts = new Array(bars).fill(0);
  for (const { result } of results) {
    for (const hash of result.hashes) counts[Math.floor(((hash - lowest) / 2 ** 32) * bars)] += 1;
  }
  return {
    type: 'histogram',
    caption: {
      en: 'Fingerprints of texts, by their value.',
      es: 'Huellas de textos, según su valor.',
      de: 'Prüfsummen von Texten, nach ihrem Wert.',
      fr: 'Empreintes de textes, selon leur valeur.',
    },
    y_label: { en: 'texts', es: 'textos', de: 'Texte', fr: 'textes' },
    edges: Array.from({ length: bars + 1 }, (_, index) => lowest + (index * 2 ** 32) / bars),
    counts,
  };
}
