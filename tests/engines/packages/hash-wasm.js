import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import * as wasm from "hash-wasm";

export const requirements = { wasm: true };
export const variable = { text: "grüße 中 😀" };
export const compute = async ({ text }) => ({ result: [await wasm.sha256(text), await wasm.xxhash64(text)] });
// The server has no WebAssembly: what it checks comes from another package.
export const validate = ({ text }, result) => result === undefined || bytesToHex(sha256(utf8ToBytes(text))) === result[0];
