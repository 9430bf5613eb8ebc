/**
 * What each source has, and what follows from it: interest, rarity, availability.
 *
 * @module
 */
import { countBits, emptyBits, forEachBit, hasBit, setBit } from "../base/bits.ts";
import { Copies } from "./copies.ts";
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
  /** Of incomplete sources and ourselves. */
  readonly #copies: Copies;
  readonly #sources = new Map<SourceId, Source>();
  #nextId: SourceId = LOCAL_SOURCE + 1;
  #completeCount = 0;

  /** @param verified the ledger's own bits, which it goes on to change */
  constructor(verified: Uint8Array, pieceCount: number, rarity: Rarity) {
    this.#verified = verified;
    this.#pieceCount = pieceCount;
    this.#rarity = rarity;
    this.#copies = new Copies(pieceCount);
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
    forEachBit(bits, (pieceIndex) => this.#count(source, pieceIndex));
  }

  /** The source has one piece more; false when it had it. */
  addHave(source: Source, pieceIndex: number): boolean {
    if (source.has(pieceIndex)) return false;
    source.bits ??= emptyBits(this.#pieceCount);
    setBit(source.bits, pieceIndex);
    source.haveCount++;
    this.#count(source, pieceIndex);
    if (source.haveCount === this.#pieceCount) {
      forEachBit(source.bits, (held) => this.#discount(held));
      this.#complete(source);
    }
    return true;
  }

  /** We have the piece now, its bit among the verified is set: it is of no use any more. */
  pieceVerified(pieceIndex: number): void {
    this.#copies.increase(this.#rarity.availability(pieceIndex));
    for (const source of this.#sources.values()) {
      if (source.has(pieceIndex)) source.usefulCount--;
    }
  }

  /** Whole copies to be had, ours included: 2.25 means that a quarter of the pieces has a third copy. */
  availability(): number {
    if (this.#pieceCount === 0) return 1;
    return this.#completeCount + this.#copies.whole;
  }

  #count(source: Source, pieceIndex: number): void {
    const own = this.#ownCopies(pieceIndex);
    if (own === 0) source.usefulCount++;
    this.#copies.increase(this.#rarity.availability(pieceIndex) + own);
    this.#rarity.increase(pieceIndex);
  }

  #discount(pieceIndex: number): void {
    this.#copies.decrease(this.#rarity.availability(pieceIndex) + this.#ownCopies(pieceIndex));
    this.#rarity.decrease(pieceIndex);
  }

  #ownCopies(pieceIndex: number): number {
    return hasBit(this.#verified, pieceIndex) ? 1 : 0;
  }

  #complete(source: Source): void {
    source.bits = undefined;
    source.isComplete = true;
    source.usefulCount = this.#pieceCount - countBits(this.#verified);
    this.#completeCount++;
  }

  #forget(source: Source): void {
    if (source.isComplete) this.#completeCount--;
    forEachBit(source.bits, (pieceIndex) => this.#discount(pieceIndex));
    source.bits = undefined;
    source.isComplete = false;
    source.haveCount = 0;
    source.usefulCount = 0;
  }
}
