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

  function colourOf(count) {
    return count >= limit ? inside : Math.floor((shades - 1) * Math.min(1, Math.log2(count) / 7));
  }

  function pixelsOf(rows) {
    let bytes = '';
    for (const line of rows) {
      for (let at = 0; at < line.length; at += 2) {
        bytes += String.fromCharCode(colourOf(parseInt(line.slice(at, at + 2), 36)));
      }
    }
    return btoa(bytes);
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
