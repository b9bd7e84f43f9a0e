import { blake3 } from "@noble/hashes/blake3.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { sha3_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, randomBytes, utf8ToBytes } from "@noble/hashes/utils.js";

const hashes = (text) => [sha256, sha3_256, blake3].map((hash) => bytesToHex(hash(utf8ToBytes(text))));

export const variable = { text: "grüße 中 😀" };
export const compute = ({ text }) => ({ result: [...hashes(text), bytesToHex(randomBytes(8))] });
export const validate = ({ text }, result) =>
  result === undefined || [...hashes(text), bytesToHex(randomBytes(8))].join() === result.join();
