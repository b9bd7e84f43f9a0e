// A picture of tiles on a canvas; those of the visitor are outlined.

import { element } from "../dom.js";

/** @typedef {import("./validate.js").Picture} Picture */
/** @typedef {import("./validate.js").Tile} Tile */
/** @typedef {Pick<Tile, "x" | "y" | "width" | "height">} Place */

/** Of a canvas, in pixels. */
const MIN_WIDTH = 800;
const MAX_HEIGHT = 2048;
/** Of an outline, as a share of the picture's width; in two colours, so that it shows on any picture. */
const OUTLINE = 1 / 250;
const OUTER = "#10201e";
const INNER = "#ffd166";

/** @param {Picture} picture @param {(variable: string) => boolean} isMine */
export function drawPicture(picture, isMine) {
  const { width, height } = picture;
  // A small picture is enlarged, so that its outlines are fine.
  const scale = Math.max(1, Math.floor(Math.min(MIN_WIDTH / width, MAX_HEIGHT / height)));
  const canvas = canvasOf(width * scale, height * scale);
  const source = canvasOf(width, height);
  source.getContext("2d")?.putImageData(imageOf(picture), 0, 0);
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  context.imageSmoothingEnabled = false;
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  const own = picture.tiles.filter(({ variable }) => variable !== "" && isMine(variable));
  outline(context, own.map((tile) => enlarged(tile, scale)), Math.max(1, canvas.width * OUTLINE));
  return canvas;
}

/** @param {number} width @param {number} height */
function canvasOf(width, height) {
  const canvas = /** @type {HTMLCanvasElement} */ (element("canvas", { class: "canvas" }));
  return Object.assign(canvas, { width, height });
}

/** @param {Tile} tile @param {number} scale @returns {Place} */
const enlarged = ({ x, y, width, height }, scale) => ({
  x: x * scale,
  y: y * scale,
  width: width * scale,
  height: height * scale,
});

/** What no tile covers stays transparent. @param {Picture} picture */
function imageOf({ width, height, palette, tiles }) {
  const image = new ImageData(width, height);
  const colours = new Uint32Array(palette.map(([red, green, blue]) => packed(red, green, blue)));
  const pixels = new Uint32Array(image.data.buffer);
  for (const tile of tiles) copy(tile, pixels, width, colours);
  return image;
}

/** @param {number} red @param {number} green @param {number} blue */
const packed = (red, green, blue) => new Uint32Array(Uint8Array.of(red, green, blue, 255).buffer)[0];

/** @param {Tile} tile @param {Uint32Array} pixels @param {number} stride @param {Uint32Array} colours */
function copy(tile, pixels, stride, colours) {
  for (let row = 0; row < tile.height; row += 1) {
    const target = (tile.y + row) * stride + tile.x;
    const source = row * tile.width;
    for (let column = 0; column < tile.width; column += 1) {
      pixels[target + column] = colours[tile.pixels[source + column]];
    }
  }
}

/**
 * The border of all own tiles together: a side that two of them share is none.
 * @param {CanvasRenderingContext2D} context @param {Place[]} tiles @param {number} line width
 */
function outline(context, tiles, line) {
  const places = new Set(tiles.map(({ x, y, width, height }) => placeOf(x, y, width, height)));
  const sides = tiles.flatMap((tile) => sidesOf(tile, line)).filter(({ neighbour }) => !places.has(neighbour));
  context.lineCap = "square";
  context.beginPath();
  for (const { from, to } of sides) {
    context.moveTo(...from);
    context.lineTo(...to);
  }
  for (const [colour, width] of /** @type {[string, number][]} */ ([[OUTER, 2 * line], [INNER, line]])) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  }
}

/** @typedef {{neighbour: string, from: [number, number], to: [number, number]}} Side */

/** @param {number} x @param {number} y @param {number} width @param {number} height */
const placeOf = (x, y, width, height) => `${x} ${y} ${width} ${height}`;

/** Within the tile, so that nothing is cut off at the edge of the picture. @param {Place} tile @param {number} line @returns {Side[]} */
function sidesOf({ x, y, width, height }, line) {
  const inset = Math.min(line, width / 4, height / 4);
  const [left, top, right, bottom] = [x + inset, y + inset, x + width - inset, y + height - inset];
  return [
    { neighbour: placeOf(x, y - height, width, height), from: [left, top], to: [right, top] },
    { neighbour: placeOf(x, y + height, width, height), from: [left, bottom], to: [right, bottom] },
    { neighbour: placeOf(x - width, y, width, height), from: [left, top], to: [left, bottom] },
    { neighbour: placeOf(x + width, y, width, height), from: [right, top], to: [right, bottom] },
  ];
}
