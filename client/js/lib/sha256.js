// SHA-256 (FIPS 180-4), for digests of short texts. `crypto.subtle` has it too, but not for pages on plain http.

const BLOCK = 64;

/** The first 32 bits of the fractional parts of roots of the first primes. @param {number} count @param {number} root */
function constants(count, root) {
  const found = [];
  for (let candidate = 2; found.length < count; candidate += 1) {
    if (isPrime(candidate)) found.push(((candidate ** (1 / root)) % 1) * 2 ** 32 | 0);
  }
  return found;
}

/** @param {number} candidate */
function isPrime(candidate) {
  for (let divisor = 2; divisor * divisor <= candidate; divisor += 1) if (candidate % divisor === 0) return false;
  return true;
}

const ROUND = constants(64, 3);
const START = constants(8, 2);

/** @param {number} word @param {number} bits */
const rotated = (word, bits) => (word >>> bits) | (word << (32 - bits));

/** The message with its padding: a one, zeros, and its length in bits. @param {Uint8Array} bytes */
function padded(bytes) {
  const message = new Uint8Array(Math.ceil((bytes.length + 9) / BLOCK) * BLOCK);
  message.set(bytes);
  message[bytes.length] = 0x80;
  const view = new DataView(message.buffer);
  view.setUint32(message.length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(message.length - 4, (bytes.length << 3) >>> 0);
  return view;
}

/** The 64 words of a block. @param {DataView} message @param {number} offset */
function scheduled(message, offset) {
  const words = new Int32Array(64);
  for (let index = 0; index < 16; index += 1) words[index] = message.getInt32(offset + 4 * index);
  for (let index = 16; index < 64; index += 1) {
    const [before, last] = [words[index - 15], words[index - 2]];
    const low = rotated(before, 7) ^ rotated(before, 18) ^ (before >>> 3);
    const high = rotated(last, 17) ^ rotated(last, 19) ^ (last >>> 10);
    words[index] = words[index - 16] + low + words[index - 7] + high;
  }
  return words;
}

/** @param {number[]} state @param {Int32Array} words */
function compressed(state, words) {
  let [a, b, c, d, e, f, g, h] = state;
  for (let index = 0; index < 64; index += 1) {
    const high = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
    const first = (h + high + ((e & f) ^ (~e & g)) + ROUND[index] + words[index]) | 0;
    const low = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
    const second = (low + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [a, b, c, d, e, f, g, h] = [(first + second) | 0, a, b, c, (d + first) | 0, e, f, g];
  }
  return [a, b, c, d, e, f, g, h].map((word, index) => (word + state[index]) | 0);
}

/** The digest in hexadecimal digits. @param {string} text */
export function sha256(text) {
  const message = padded(new TextEncoder().encode(text));
  let state = START;
  for (let offset = 0; offset < message.byteLength; offset += BLOCK) state = compressed(state, scheduled(message, offset));
  return state.map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}
