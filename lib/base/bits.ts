/**
 * Bits in the order of BEP 3: bit 0 is the highest bit of byte 0.
 *
 * @module
 */

/** Whether bit `index` is set; bits beyond the array, or of no array, are not. */
export function bitOf(bits: Uint8Array | undefined, index: number): boolean {
  return ((bits?.[index >>> 3] ?? 0) & (0x80 >>> (index & 7))) !== 0;
}

/** Sets bit `index`, which lies inside the array. */
export function setBit(bits: Uint8Array, index: number): void {
  bits[index >>> 3] = (bits[index >>> 3] ?? 0) | (0x80 >>> (index & 7));
}

/** How many bits are set. */
export function countBits(bits: Uint8Array): number {
  let count = 0;
  for (let byte of bits) {
    for (; byte !== 0; byte &= byte - 1) count++;
  }
  return count;
}
