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
const DIRECTIONS = [[0, -1], [1, 0], [0, 1], [-1, 0]];
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
  const own = new Set(tiles.map(keyOf));
  context.lineCap = "square";
  context.beginPath();
  for (const tile of tiles) for (const [x, y] of DIRECTIONS) traceSide(context, tile, own, x, y, line);
  for (const [colour, width] of /** @type {[string, number][]} */ ([[OUTER, 2 * line], [INNER, line]])) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  }
}

/** @param {Place} place */
const keyOf = ({ x, y, width, height }) => `${x} ${y} ${width} ${height}`;

/** The place so many tiles further. @param {Place} place @param {number} right @param {number} down @returns {Place} */
const beside = ({ x, y, width, height }, right, down) => ({ x: x + right * width, y: y + down * height, width, height });

/**
 * The side of a tile in one direction, unless the tile there is the visitor's too. It lies within the tile, so that the
 * edge of the picture cuts nothing off.
 * @param {CanvasRenderingContext2D} context @param {Place} tile @param {Set<string>} own
 * @param {number} right @param {number} down @param {number} line width
 */
function traceSide(context, tile, own, right, down, line) {
  const isOwn = (/** @type {number} */ x, /** @type {number} */ y) => own.has(keyOf(beside(tile, x, y)));
  if (isOwn(right, down)) return;
  const inset = Math.min(line, tile.width / 4, tile.height / 4);
  const [middleX, middleY] = [tile.x + tile.width / 2, tile.y + tile.height / 2];
  // From the middle to one end and to the other, at right angles to the direction.
  for (const [x, y] of [[down, right], [-down, -right]]) {
    // It turns inwards at a corner, goes on beside an own tile, and turns outwards where that goes further.
    const turn = !isOwn(x, y) ? -inset : isOwn(x + right, y + down) ? inset : 0;
    const end = (/** @type {number} */ along) => along / 2 + turn;
    const atX = middleX + right * (tile.width / 2 - inset);
    const atY = middleY + down * (tile.height / 2 - inset);
    context.moveTo(atX, atY);
    context.lineTo(atX + x * end(tile.width), atY + y * end(tile.height));
  }
}
