/**
 * What each source has, and what follows from it: interest, rarity, availability.
 *
 * @module
 */
import { clearBit, fullBits } from "../base/bits.ts";
import type { Copies } from "./copies.ts";
import { LOCAL_SOURCE, type SourceId } from "./open_piece.ts";
import type { Rarity } from "./rarity.ts";
import { Source, VerifiedPieces } from "./source.ts";

export { Source } from "./source.ts";

/**
 * Every source's pieces. A source that has them all is one number, not a copy of each piece.
 *
 * @internal
 */
export class Holdings {
  readonly #verified: VerifiedPieces;
  /** Of incomplete sources and ourselves. */
  readonly #copies: Copies;
  readonly #rarity: Rarity;
  readonly #sources = new Map<SourceId, Source>();
  #nextId: SourceId = LOCAL_SOURCE + 1;
  #completeCount = 0;

  /**
   * @param verified the ledger's own bits, which it goes on to set
   * @param rarity keeps `copies`
   */
  constructor(verified: Uint8Array, copies: Copies, rarity: Rarity) {
    this.#verified = new VerifiedPieces(verified, copies.pieceCount);
    this.#copies = copies;
    this.#rarity = rarity;
  }

  get sources(): IteratorObject<Source> {
    return this.#sources.values();
  }

  /** How many sources have every piece. */
  get completeCount(): number {
    return this.#completeCount;
  }

  /** A new source, which has nothing yet. */
  add(): Source {
    const source = new Source(this.#nextId++, this.#verified);
    this.#sources.set(source.id, source);
    this.#count(source);
    return source;
  }

  /** The source is gone. */
  remove(source: Source): void {
    this.#discount(source);
    source.replace(undefined);
    this.#sources.delete(source.id);
  }

  /** The source has exactly these pieces: a bit per piece, checked, which are copied. */
  setHaves(source: Source, bits: Uint8Array): void {
    this.#discount(source);
    source.replace(bits);
    this.#count(source);
  }

  /** The source has one piece more; false when it had it. */
  addHave(source: Source, pieceIndex: number): boolean {
    if (source.has(pieceIndex)) return false;
    const willBeComplete = source.haveCount + 1 === this.#copies.pieceCount;
    if (willBeComplete) this.#discount(source);
    source.add(pieceIndex);
    if (willBeComplete) this.#count(source);
    else this.#rarity.add(pieceIndex);
    return true;
  }

  /** The source has one piece less; as dear as a bitfield. */
  removeHave(source: Source, pieceIndex: number): void {
    if (!source.has(pieceIndex)) return;
    const bits = source.bits?.slice() ?? fullBits(this.#copies.pieceCount);
    clearBit(bits, pieceIndex);
    this.setHaves(source, bits);
  }

  /** We have the piece now, closed before, its bit among the verified is set: it is of no use any more. */
  pieceVerified(pieceIndex: number): void {
    this.#verified.list.push(pieceIndex);
    this.#copies.verify(pieceIndex);
  }

  /** Whole copies to be had, ours included: 2.25 means that a quarter of the pieces has a third copy. */
  availability(): number {
    if (this.#copies.pieceCount === 0) return 1;
    return this.#completeCount + this.#copies.whole;
  }

  #count(source: Source): void {
    if (source.isComplete) this.#completeCount++;
    else if (source.bits !== undefined) this.#rarity.addAll(source.bits);
  }

  #discount(source: Source): void {
    if (source.isComplete) this.#completeCount--;
    else if (source.bits !== undefined) this.#rarity.removeAll(source.bits);
  }
}
