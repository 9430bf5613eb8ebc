/**
 * Zeros, which is what holes of sparse files read as.
 *
 * @module
 */

/** Some zeros to hash. */
export const ZEROS: Uint8Array = new Uint8Array(64 * 1024);

/** Bytes of a word. */
const WORD_LENGTH = 4;

/** Whether all bytes are zero: told word by word, at more than 10 GB/s. */
export function isZero(bytes: Uint8Array): boolean {
  const { buffer, byteOffset, length } = bytes;
  // They may end before the first word starts.
  if (length < WORD_LENGTH) return isZeroEach(bytes, 0, length);
  const head = -byteOffset & (WORD_LENGTH - 1);
  const wordCount = Math.floor((length - head) / WORD_LENGTH);
  const tail = head + wordCount * WORD_LENGTH;
  return isZeroEach(bytes, 0, head) && isZeroEach(bytes, tail, length) &&
    isZeroEach(new Int32Array(buffer, byteOffset + head, wordCount), 0, wordCount);
}

function isZeroEach(values: Uint8Array | Int32Array, from: number, end: number): boolean {
  for (let index = from; index < end; index++) {
    if (values[index] !== 0) return false;
  }
  return true;
}
