/**
 * Two passes over bencoded bytes that build nothing: counting items, and telling keys seen before.
 *
 * @module
 */
import { BencodeError } from "../base/errors.ts";
import { decodeShortLatin1 } from "../base/short_text.ts";
import { decodeLatin1 } from "../base/text.ts";

const ZERO = 0x30;
const COLON = 0x3a;
const END = 0x65; // e
const INTEGER = 0x69; // i

/**
 * Refuses input with more than `maxItems` values and keys, in little time and no memory. Whatever else
 * is wrong is left for the decoder to find.
 *
 * @throws {BencodeError}
 */
export function checkItemCount(bytes: Uint8Array, maxItems: number): void {
  let items = 0;
  let at = 0;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte === END) {
      at++;
      continue;
    }
    if (++items > maxItems) {
      throw new BencodeError(`Cannot decode bencode at byte ${at}: it has too many items`, at);
    }
    if (byte === INTEGER) at = endOfInteger(bytes, at);
    else at = endOfString(bytes, at);
  }
}

function endOfInteger(bytes: Uint8Array, start: number): number {
  const end = bytes.indexOf(END, start);
  return end < 0 ? bytes.length : end + 1;
}

/** The end of a string; of a single byte for anything else, such as the start of a list. */
function endOfString(bytes: Uint8Array, start: number): number {
  let length = 0;
  let at = start;
  for (; at < bytes.length && length <= bytes.length; at++) {
    const digit = (bytes[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) break;
    length = length * 10 + digit;
  }
  return bytes[at] === COLON ? at + 1 + length : Math.max(at, start + 1);
}

const SLOTS = 256; // a power of two
const MAX_CACHED_LENGTH = 32;

/** Keys seen before, so that the same key of many dictionaries is one string that is made once. */
export class KeyCache {
  readonly #slots: string[] = new Array(SLOTS).fill("");

  /** The key of `length` bytes at `start`, with one character for each byte. */
  get(bytes: Uint8Array, start: number, length: number): string {
    if (length > MAX_CACHED_LENGTH) {
      return decodeLatin1(bytes.subarray(start, start + length));
    }
    const first = bytes[start] ?? 0;
    const last = bytes[start + length - 1] ?? 0;
    const slot = (length * 31 + first * 7 + last) & (SLOTS - 1);
    const known = this.#slots[slot];
    if (known !== undefined && isSame(known, { bytes, start, length })) return known;
    const key = decodeShortLatin1(bytes, start, start + length);
    this.#slots[slot] = key;
    return key;
  }
}

interface Run {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly length: number;
}

function isSame(key: string, { bytes, start, length }: Run): boolean {
  if (key.length !== length) return false;
  for (let index = 0; index < length; index++) {
    if (key.charCodeAt(index) !== bytes[start + index]) return false;
  }
  return true;
}
