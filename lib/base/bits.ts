/**
 * Sets of small numbers, as bytes: number 0 is the highest bit of byte 0, as in a bitfield (BEP 3).
 *
 * @module
 */

/** The bytes of a word. */
export const WORD_BYTES = 4;

/** For every byte, how many of its bits are set. */
const BIT_COUNTS = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) count++;
  return count;
});

/** An empty set with room for the numbers 0 to `count - 1`; it can be read as words. */
export function emptyBits(count: number): Uint8Array<ArrayBuffer> {
  const length = Math.ceil(count / 8);
  const words = new ArrayBuffer(Math.ceil(length / WORD_BYTES) * WORD_BYTES);
  return new Uint8Array(words, 0, length);
}

/** The set of all numbers from 0 to `count - 1`; it can be read as words. */
export function fullBits(count: number): Uint8Array<ArrayBuffer> {
  const bits = emptyBits(count);
  bits.fill(0xff);
  if (count % 8 !== 0) bits[bits.length - 1] = 0xff << (8 - (count % 8));
  return bits;
}

/**
 * The same memory, word by word, to skip or compare 32 numbers at once: word n holds the numbers from
 * 32 n on, in an order that differs from machine to machine.
 *
 * @param bits from emptyBits() or fullBits()
 */
export function wordsOf(bits: Uint8Array): Int32Array {
  return new Int32Array(bits.buffer, bits.byteOffset, Math.ceil(bits.length / WORD_BYTES));
}

/** Whether `index` is in the set; nothing is in no set, or beyond its room. */
export function hasBit(bits: Uint8Array | undefined, index: number): boolean {
  return ((bits?.[index >>> 3] ?? 0) & (0x80 >>> (index & 7))) !== 0;
}

/** Puts `index` into the set; one beyond its room is dropped. */
export function setBit(bits: Uint8Array, index: number): void {
  bits[index >>> 3] = (bits[index >>> 3] ?? 0) | (0x80 >>> (index & 7));
}

/** Takes `index` out of the set. */
export function clearBit(bits: Uint8Array, index: number): void {
  bits[index >>> 3] = (bits[index >>> 3] ?? 0) & ~(0x80 >>> (index & 7));
}

/** What is in either of two sets of the same room. */
export function unite(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, at) => byte | (b[at] ?? 0));
}

/** Whether the set has room for exactly `count` numbers, and no bit beyond them. */
export function isBitsOf(bits: Uint8Array, count: number): boolean {
  if (bits.length !== Math.ceil(count / 8)) return false;
  const spare = bits.length * 8 - count;
  return ((bits[bits.length - 1] ?? 0) & ((1 << spare) - 1)) === 0;
}

/** Visits every number of the set, in order; where it has few, in little time. */
export function forEachBit(bits: Uint8Array | undefined, visit: (index: number) => void): void {
  const length = bits?.length ?? 0;
  for (let at = 0; at < length; at++) {
    let byte = bits?.[at] ?? 0;
    while (byte !== 0) {
      const first = Math.clz32(byte) - 24;
      visit(at * 8 + first);
      byte &= ~(0x80 >>> first);
    }
  }
}

/** How many numbers are in the set. */
export function countBits(bits: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < bits.length; at++) count += BIT_COUNTS[bits[at] ?? 0] ?? 0;
  return count;
}

/** How many numbers are in the set, and not in the other one. */
export function countBitsBeyond(bits: Uint8Array, other: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < bits.length; at++) {
    count += BIT_COUNTS[(bits[at] ?? 0) & ~(other[at] ?? 0)] ?? 0;
  }
  return count;
}
