/**
 * What each source has, and what follows from it: interest, rarity, availability.
 *
 * @module
 */
import { countBits, emptyBits, hasBit, setBit } from "../base/bits.ts";
import { LOCAL_SOURCE, type SourceId } from "./open_piece.ts";
import type { Rarity } from "./rarity.ts";

/** One source of blocks and the pieces it has. Only the ledger changes it. */
export class Source {
  /** From 1 up, never used again in one ledger. */
  readonly id: SourceId;
  /** A bit per piece; dropped once the source has every piece. */
  bits: Uint8Array | undefined;
  /** How many pieces it has, those that we have too included. */
  haveCount = 0;
  /** Whether it has every piece. */
  isComplete = false;
  /** How many of its pieces we still want: above 0 means interested. */
  usefulCount = 0;
  /** Whether it answers requests at present: unchoked, and not stalling. */
  isServing = false;
  /** Its rate, measured lately, in bytes per millisecond; 0 while unknown. */
  bytesPerMs = 0;

  /** Made by Holdings.add(), which counts it; it has nothing yet. */
  constructor(id: SourceId) {
    this.id = id;
  }

  /** Whether the source has the piece. */
  has(pieceIndex: number): boolean {
    return this.isComplete || hasBit(this.bits, pieceIndex);
  }
}

/**
 * Every source's pieces. A source that has them all is one number, not a copy of each piece.
 *
 * @internal
 */
export class Holdings {
  readonly #verified: Uint8Array;
  readonly #pieceCount: number;
  readonly #rarity: Rarity;
  readonly #sources = new Map<SourceId, Source>();
  #nextId: SourceId = LOCAL_SOURCE + 1;
  #completeCount = 0;

  /** @param verified the ledger's own bits, which it goes on to change */
  constructor(verified: Uint8Array, pieceCount: number, rarity: Rarity) {
    this.#verified = verified;
    this.#pieceCount = pieceCount;
    this.#rarity = rarity;
  }

  get sources(): Iterable<Source> {
    return this.#sources.values();
  }

  /** How many sources have every piece. */
  get completeCount(): number {
    return this.#completeCount;
  }

  /** A new source, which has nothing yet. */
  add(): Source {
    const source = new Source(this.#nextId++);
    this.#sources.set(source.id, source);
    return source;
  }

  /** The source is gone. */
  remove(source: Source): void {
    this.#forget(source);
    this.#sources.delete(source.id);
  }

  /** The source has exactly these pieces: a bit per piece, checked; the array is ours from now on. */
  setHaves(source: Source, bits: Uint8Array): void {
    this.#forget(source);
    source.haveCount = countBits(bits);
    if (source.haveCount === this.#pieceCount) return this.#complete(source);
    source.bits = bits;
    for (let pieceIndex = 0; pieceIndex < this.#pieceCount; pieceIndex++) {
      if (hasBit(bits, pieceIndex)) this.#count(source, pieceIndex);
    }
  }

  /** The source has one piece more; false when it had it. */
  addHave(source: Source, pieceIndex: number): boolean {
    if (source.has(pieceIndex)) return false;
    source.bits ??= emptyBits(this.#pieceCount);
    setBit(source.bits, pieceIndex);
    source.haveCount++;
    this.#count(source, pieceIndex);
    if (source.haveCount === this.#pieceCount) {
      this.#discount();
      this.#complete(source);
    }
    return true;
  }

  /** We have the piece now: it is of no use any more. */
  pieceVerified(pieceIndex: number): void {
    for (const source of this.#sources.values()) {
      if (source.has(pieceIndex)) source.usefulCount--;
    }
  }

  /** Whole copies to be had, ours included: 2.25 means that a quarter of the pieces has a third copy. */
  availability(): number {
    if (this.#pieceCount === 0) return 1;
    let least = Infinity;
    let above = 0;
    for (let pieceIndex = 0; pieceIndex < this.#pieceCount; pieceIndex++) {
      const copies = this.#rarity.availability(pieceIndex) +
        (hasBit(this.#verified, pieceIndex) ? 1 : 0);
      if (copies < least) {
        above = pieceIndex;
        least = copies;
      } else if (copies > least) above++;
    }
    return this.#completeCount + least + above / this.#pieceCount;
  }

  #count(source: Source, pieceIndex: number): void {
    if (!hasBit(this.#verified, pieceIndex)) source.usefulCount++;
    this.#rarity.increase(pieceIndex);
  }

  /** Takes back one copy of every piece. */
  #discount(): void {
    for (let pieceIndex = 0; pieceIndex < this.#pieceCount; pieceIndex++) {
      this.#rarity.decrease(pieceIndex);
    }
  }

  #complete(source: Source): void {
    source.bits = undefined;
    source.isComplete = true;
    source.usefulCount = this.#pieceCount - countBits(this.#verified);
    this.#completeCount++;
  }

  #forget(source: Source): void {
    if (source.isComplete) this.#completeCount--;
    for (
      let pieceIndex = 0;
      source.bits !== undefined && pieceIndex < this.#pieceCount;
      pieceIndex++
    ) {
      if (hasBit(source.bits, pieceIndex)) this.#rarity.decrease(pieceIndex);
    }
    source.bits = undefined;
    source.isComplete = false;
    source.haveCount = 0;
    source.usefulCount = 0;
  }
}
