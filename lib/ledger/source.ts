/**
 * One source of blocks: what it has, and how much of that is of use to us.
 *
 * To verify a piece touches no source. The verified pieces stand in a list, in the order in which they
 * came to be; a source remembers how far it has read, and reads on when it is asked how many of its
 * pieces are useful. Whether there are more than some number it mostly knows without: as many pieces as it
 * has not read of yet is the most that it can be wrong.
 *
 * @module
 */
import { countBits, countBitsBeyond, emptyBits, hasBit, setBit } from "../base/bits.ts";
import type { SourceId } from "./open_piece.ts";

/**
 * The verified pieces, those that came to be so in a list.
 *
 * @internal
 */
export class VerifiedPieces {
  /** A bit per piece, which the ledger sets. */
  readonly bits: Uint8Array;
  readonly pieceCount: number;
  /** Those that were not verified at the start, in the order in which they were. */
  readonly list: number[] = [];
  readonly #startCount: number;

  /** @param bits those set are verified at the start */
  constructor(bits: Uint8Array, pieceCount: number) {
    this.bits = bits;
    this.pieceCount = pieceCount;
    this.#startCount = countBits(bits);
  }

  /** How many are not verified. */
  get missingCount(): number {
    return this.pieceCount - this.#startCount - this.list.length;
  }
}

/** One source of blocks and the pieces it has. Only the ledger changes it. */
export class Source {
  /** From 1 up, never used again in one ledger. */
  readonly id: SourceId;
  /** Whether it answers requests at present: unchoked, and not stalling. */
  isServing = false;
  /** Its rate, measured lately, in bytes per millisecond; 0 while unknown. */
  bytesPerMs = 0;
  readonly #verified: VerifiedPieces;
  #bits: Uint8Array | undefined;
  #haveCount = 0;
  /** How many of its pieces were not among the first `#readCount` that we have verified. */
  #usefulCount = 0;
  #readCount = 0;

  /** Made by Holdings.add(), which counts it; it has nothing yet. */
  constructor(id: SourceId, verified: VerifiedPieces) {
    this.id = id;
    this.#verified = verified;
  }

  /** A bit per piece, as words too; undefined while it has none, or all. */
  get bits(): Uint8Array | undefined {
    return this.#bits;
  }

  /** How many pieces it has, those that we have too included. */
  get haveCount(): number {
    return this.#haveCount;
  }

  /** Whether it has every piece. */
  get isComplete(): boolean {
    return this.#haveCount === this.#verified.pieceCount;
  }

  /** How many of its pieces we still want. */
  get usefulCount(): number {
    if (this.isComplete) return this.#verified.missingCount;
    this.#readOn();
    return this.#usefulCount;
  }

  /** Whether we still want any of its pieces: then we are interested. */
  get isUseful(): boolean {
    return this.hasUseful(1);
  }

  /** Whether we still want so many of its pieces: often known without a count. */
  hasUseful(count: number): boolean {
    const unread = this.#verified.list.length - this.#readCount;
    return this.#usefulCount - unread >= count || this.usefulCount >= count;
  }

  /** Whether the source has the piece. */
  has(pieceIndex: number): boolean {
    return this.isComplete || hasBit(this.#bits, pieceIndex);
  }

  /** It has exactly these pieces, which are copied. @internal */
  replace(bits: Uint8Array | undefined): void {
    const { pieceCount, list } = this.#verified;
    this.#haveCount = bits === undefined ? 0 : countBits(bits);
    this.#usefulCount = bits === undefined ? 0 : countBitsBeyond(bits, this.#verified.bits);
    this.#readCount = list.length;
    this.#bits = undefined;
    if (bits === undefined || this.isComplete) return;
    this.#bits = emptyBits(pieceCount);
    this.#bits.set(bits);
  }

  /** It has a piece that it had not. @internal */
  add(pieceIndex: number): void {
    const { pieceCount, bits } = this.#verified;
    if (!hasBit(bits, pieceIndex)) this.#usefulCount++;
    else this.#readOn(); // Or the piece would be taken off what it was never added to.
    this.#bits ??= emptyBits(pieceCount);
    setBit(this.#bits, pieceIndex);
    this.#haveCount++;
    if (this.isComplete) this.#bits = undefined;
  }

  #readOn(): void {
    const { list } = this.#verified;
    while (this.#readCount < list.length) {
      if (this.has(list[this.#readCount++] as number)) this.#usefulCount--;
    }
  }
}
