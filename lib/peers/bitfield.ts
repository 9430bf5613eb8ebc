/**
 * Which pieces somebody has: one bit each, the highest bit of the first byte for piece 0 (BEP 3).
 *
 * @module
 */
import { PeerError } from "../base/errors.ts";

/** The length in bytes of the bitfield of so many pieces. */
export function bitfieldLength(pieceCount: number): number {
  return Math.ceil(pieceCount / 8);
}

/** A set of piece indices below `pieceCount`. The bits behind the last piece are always clear. */
export class Bitfield {
  readonly pieceCount: number;
  readonly #words: Uint32Array<ArrayBuffer>;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #count = 0;

  /** An empty set. */
  constructor(pieceCount: number) {
    this.pieceCount = pieceCount;
    this.#words = new Uint32Array(Math.ceil(pieceCount / 32));
    this.#bytes = new Uint8Array(this.#words.buffer, 0, bitfieldLength(pieceCount));
  }

  /** A set of the bits in `bytes`, copied; bits behind the last piece are left out. */
  static from(bytes: Uint8Array, pieceCount: number): Bitfield {
    const bitfield = new Bitfield(pieceCount);
    bitfield.#bytes.set(bytes.subarray(0, bitfield.#bytes.length));
    const last = bitfield.#bytes.length - 1;
    if (last >= 0) bitfield.#bytes[last] = (bitfield.#bytes[last] ?? 0) & ~spareMask(pieceCount);
    bitfield.#count = popcount(bitfield.#words);
    return bitfield;
  }

  /** The bits as they are sent: a view that changes with the set. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  /** How many pieces are in the set. */
  get count(): number {
    return this.#count;
  }

  /** Whether every piece is in the set. */
  get isComplete(): boolean {
    return this.#count === this.pieceCount;
  }

  /** Whether a piece is in the set; false for what is no piece. */
  has(pieceIndex: number): boolean {
    return ((this.#bytes[pieceIndex >>> 3] ?? 0) & maskOf(pieceIndex)) !== 0;
  }

  /**
   * Adds a piece; false when it was there already.
   *
   * @throws {RangeError} when there is no such piece
   */
  set(pieceIndex: number): boolean {
    if (!Number.isInteger(pieceIndex) || pieceIndex < 0 || pieceIndex >= this.pieceCount) {
      throw new RangeError(`Cannot set bit: there is no piece ${pieceIndex}`);
    }
    if (this.has(pieceIndex)) return false;
    const at = pieceIndex >>> 3;
    this.#bytes[at] = (this.#bytes[at] ?? 0) | maskOf(pieceIndex);
    this.#count++;
    return true;
  }

  /** Takes a piece out; false when it was not there. */
  clear(pieceIndex: number): boolean {
    if (!this.has(pieceIndex)) return false;
    const at = pieceIndex >>> 3;
    this.#bytes[at] = (this.#bytes[at] ?? 0) & ~maskOf(pieceIndex);
    this.#count--;
    return true;
  }

  /** A set of its own with the same pieces. */
  copy(): Bitfield {
    return Bitfield.from(this.#bytes, this.pieceCount);
  }
}

/**
 * Reads a bitfield message's bits, copied.
 *
 * @throws {PeerError} "protocol", when it has a wrong size or bits behind the last piece
 */
export function parseBitfield(bits: Uint8Array, pieceCount: number): Bitfield {
  const wanted = bitfieldLength(pieceCount);
  if (bits.length !== wanted) {
    throw new PeerError(
      `Cannot accept bitfield: it has ${bits.length} bytes, not ${wanted}`,
      "protocol",
    );
  }
  if (((bits[wanted - 1] ?? 0) & spareMask(pieceCount)) !== 0) {
    throw new PeerError("Cannot accept bitfield: bits behind the last piece are set", "protocol");
  }
  return Bitfield.from(bits, pieceCount);
}

function maskOf(pieceIndex: number): number {
  return 0x80 >>> (pieceIndex & 7);
}

/** The bits of the last byte that stand for no piece. */
function spareMask(pieceCount: number): number {
  const used = pieceCount & 7;
  return used === 0 ? 0 : 0xff >>> used;
}

/** How many bits are set, 32 at a time: a peer may send 2^21 of them. */
function popcount(words: Uint32Array): number {
  let count = 0;
  for (let word of words) {
    word -= (word >>> 1) & 0x55555555;
    word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
    count += Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  return count;
}
