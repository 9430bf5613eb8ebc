/**
 * Texts of few bytes, of which torrents have very many: decoded here in less time than it takes to ask
 * a TextDecoder.
 *
 * @module
 */

/** Where asking a TextDecoder begins to be worth it, in bytes. */
export const MAX_SHORT_BYTES = 128;

/** For each length an array that is written over again and again: what it is read from need not be made. */
const UNITS: number[][] = [];
/** Code units whose number is not known yet: no more than one for each byte. */
const SCRATCH = new Uint16Array(MAX_SHORT_BYTES);

/** One character of U+0000 to U+00FF for each byte of at most MAX_SHORT_BYTES from `start` to `end`. */
export function decodeShortLatin1(bytes: Uint8Array, start: number, end: number): string {
  const units = unitsOf(end - start);
  for (let index = 0; index < units.length; index++) units[index] = bytes[start + index] ?? 0;
  return String.fromCharCode(...units);
}

/** At most MAX_SHORT_BYTES as a text when they are valid UTF-8, else `undefined`. */
export function decodeShortUtf8(bytes: Uint8Array): string | undefined {
  let length = 0;
  for (let at = 0; at < bytes.length;) {
    const point = codePointAt(bytes, at);
    if (point < 0) return undefined;
    at += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (point < 0x10000) SCRATCH[length++] = point;
    else {
      SCRATCH[length++] = 0xd7c0 + (point >> 10);
      SCRATCH[length++] = 0xdc00 | (point & 0x3ff);
    }
  }
  const units = unitsOf(length);
  for (let index = 0; index < length; index++) units[index] = SCRATCH[index] ?? 0;
  return String.fromCharCode(...units);
}

function unitsOf(length: number): number[] {
  return UNITS[length] ??= Array.from({ length }, () => 0);
}

/** The character whose bytes start at `at`; -1 for what UTF-8 does not allow (RFC 3629). */
function codePointAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return first;
  const second = continuation(bytes, at + 1);
  if (first < 0xe0) return first < 0xc2 ? -1 : (first & 0x1f) << 6 | second;
  const third = continuation(bytes, at + 2);
  if (first < 0xf0) {
    const point = (first & 0x0f) << 12 | second << 6 | third;
    return point < 0x800 || (point >= 0xd800 && point < 0xe000) ? -1 : point;
  }
  const point = (first & 0x07) << 18 | second << 12 | third << 6 | continuation(bytes, at + 3);
  return first > 0xf4 || point < 0x10000 || point > 0x10ffff ? -1 : point;
}

/** The six bits of a further byte; -1, which makes every sum of bits negative, for any other byte. */
function continuation(bytes: Uint8Array, at: number): number {
  const byte = bytes[at] ?? 0;
  return (byte & 0xc0) === 0x80 ? byte & 0x3f : -1;
}
