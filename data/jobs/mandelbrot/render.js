function (results, context) {
  // The picture as far as it is computed: each result is a tile, and each pixel a colour by its count of steps, on a
  // scale of powers of two. The points inside are dark.
  const { width, height, limit } = context.metadata.picture;
  const shades = 200;
  const inside = shades;

  const stops = [[9, 38, 52], [11, 90, 100], [74, 190, 180], [238, 246, 222], [245, 183, 84], [176, 62, 40]];

  // A colour between the two stops around it.
  function shade(index) {
    const place = (index / shades) * (stops.length - 1);
    const [from, to] = [stops[Math.floor(place)], stops[Math.ceil(place)]];
    const channels = from.map((start, channel) => start + (to[channel] - start) * (place % 1));
    return `#${channels.map((value) => Math.round(value).toString(16).padStart(2, '0')).join('')}`;
  }

  const colours = new Uint8Array(limit + 1).map((_, count) => (
    count < limit ? (shades - 1) * Math.min(1, Math.log2(count || 1) / 7) : inside
  ));
  const digit = (code) => (code < 58 ? code - 48 : code - 87); // of 0-9 and a-z

  function pixelsOf(rows) {
    const line = rows.join('');
    const bytes = Array.from({ length: line.length / 2 }, (_, index) => (
      colours[36 * digit(line.charCodeAt(2 * index)) + digit(line.charCodeAt(2 * index + 1))]
    ));
    return btoa(String.fromCharCode(...bytes));
  }

  const tiles = results.map(({ variable, input, result }) => ({
    x: input.column,
    y: input.row,
    width: input.width,
    height: input.height,
    pixels: pixelsOf(result.rows),
    variable,
  }));
  const palette = [...Array.from({ length: shades }, (_, index) => shade(index)), '#10201e'];
  return { type: 'picture', width, height, palette, tiles };
}
