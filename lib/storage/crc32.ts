/**
 * CRC-32 as in zlib and PNG. The platform's, in node:zlib, takes longer to load than all sums of a run.
 *
 * @module
 */

/** The polynomial, lowest power first. */
const POLYNOMIAL = 0xedb8_8320;

const TABLE: Int32Array = Int32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ ((sum & 1) === 1 ? POLYNOMIAL : 0);
  return sum;
});

/** The sum of bytes, or of those that came `before` and these: 32 bits unsigned. */
export function crc32(bytes: Uint8Array, before = 0): number {
  let sum = ~before;
  for (const byte of bytes) sum = (sum >>> 8) ^ (TABLE[(sum ^ byte) & 0xff] ?? 0);
  return ~sum >>> 0;
}
