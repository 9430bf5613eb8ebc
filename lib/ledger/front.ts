/**
 * The front: the few rarest pieces of many, kept without sorting the rest.
 *
 * It holds every piece that may be opened and has fewer copies than `#limit`, and a sample of those that
 * have just so many, in a bucket for each number of copies. What happens to one piece costs the same
 * whatever their number: one that comes to belong is told to note(); one that belongs no more, or in a
 * higher bucket, is moved when pick() meets it. When a source goes away, every piece has one copy less at
 * most, so what the front says is still true of a limit one lower. By and by the front wears off; then
 * collect() makes it anew, in a walk over all pieces, which so many events have paid for.
 *
 * @module
 */
import { clearBit, emptyBits, hasBit, setBit } from "../base/bits.ts";
import type { Copies } from "./copies.ts";
import type { Source } from "./source.ts";

/** A front that has become this many times as long as it should be is given up. */
const MAX_GROWTH = 4;

/** Above any number of copies. */
const NO_LIMIT = 2 ** 30 - 1;

/** Whoever has pieces. */
export type Holder = Pick<Source, "isComplete" | "bits" | "has">;

/** What a front needs to know. */
export interface FrontOptions {
  /** How many pieces it should have, where there are so many. */
  readonly length: number;
  /** Pieces with fewer copies are left out. */
  readonly minCopies: number;
  /** In [0, 1). */
  readonly random: () => number;
}

/**
 * The rarest pieces that may be opened.
 *
 * @internal
 */
export class Front {
  readonly #copies: Copies;
  readonly #options: FrontOptions;
  /** Index: a number of copies, which the pieces have at least, and mostly have. */
  #buckets: number[][] = [];
  /** A bit per piece: those in the buckets. */
  readonly #listed: Uint8Array;
  #length = 0;
  #limit = 0;

  /** It is empty, and worn. */
  constructor(copies: Copies, options: FrontOptions) {
    this.#copies = copies;
    this.#options = options;
    this.#listed = emptyBits(copies.pieceCount);
  }

  /** Whether no piece is left out that has copies enough. */
  get isWhole(): boolean {
    return this.#limit >= this.#copies.maxSources;
  }

  /** Whether less than half of it is left. */
  get isWorn(): boolean {
    return !this.isWhole && this.#length < this.#options.length / 2;
  }

  /** The piece may be opened now, or has one copy more: so many. */
  note(pieceIndex: number, copies: number): void {
    if (copies >= this.#limit || !this.#belongs(pieceIndex, copies)) return;
    if (hasBit(this.#listed, pieceIndex)) return;
    this.#add(pieceIndex, copies);
    if (this.#length > this.#options.length * MAX_GROWTH) this.clear();
  }

  /** A source is gone: some pieces have one copy less. */
  lower(): void {
    const buckets = this.#buckets;
    const limit = Math.max(this.#limit - 1, 0);
    this.clear();
    this.#limit = limit;
    for (const pieceIndex of buckets.flat()) {
      const copies = this.#copies.of(pieceIndex);
      if (this.#belongs(pieceIndex, copies)) this.#add(pieceIndex, copies);
    }
  }

  /** Forgets all: it is worn then. */
  clear(): void {
    this.#buckets = [];
    this.#listed.fill(0);
    this.#length = 0;
    this.#limit = 0;
  }

  /** The rarest piece of it that the holder has, at random among equals. */
  pick(holder: Holder): number | undefined {
    for (let copies = this.#options.minCopies; copies < this.#buckets.length; copies++) {
      const pieceIndex = this.#pickFrom(copies, holder);
      if (pieceIndex !== undefined) return pieceIndex;
    }
    return undefined;
  }

  /** Makes it anew. */
  collect(): void {
    this.clear();
    const every = this.#setLimit();
    let skip = Math.floor(this.#options.random() * every);
    const limit = this.#limit;
    const { minCopies } = this.#options;
    const { openable, sources } = this.#copies;
    for (let pieceIndex = 0; pieceIndex < sources.length; pieceIndex++) {
      const copies = sources[pieceIndex] as number;
      if (copies > limit || copies < minCopies || !hasBit(openable, pieceIndex)) continue;
      if (copies === limit && skip-- > 0) continue;
      if (copies === limit) skip = every - 1;
      this.#add(pieceIndex, copies);
    }
  }

  /** @returns of how many pieces at the limit one is to be in the front */
  #setLimit(): number {
    const { length, minCopies } = this.#options;
    let missing = length;
    for (let copies = minCopies; copies < this.#copies.maxSources; copies++) {
      const pieces = this.#copies.openableWith(copies);
      if (pieces > missing) {
        this.#limit = copies;
        return Math.floor(pieces / missing);
      }
      missing -= pieces;
    }
    this.#limit = NO_LIMIT;
    return 1;
  }

  /** Draws from those not drawn yet, which stand first; the others stand behind, in no order. */
  #pickFrom(copies: number, holder: Holder): number | undefined {
    const bucket = this.#buckets[copies] ?? [];
    for (let left = bucket.length; left > 0;) {
      const at = Math.floor(this.#options.random() * left--);
      const pieceIndex = bucket[at] as number;
      bucket[at] = bucket[left] as number;
      bucket[left] = pieceIndex;
      const now = this.#copies.of(pieceIndex);
      if (now !== copies || !hasBit(this.#copies.openable, pieceIndex)) this.#move(bucket, left);
      else if (holder.has(pieceIndex)) return pieceIndex;
    }
    return undefined;
  }

  #belongs(pieceIndex: number, copies: number): boolean {
    return copies >= this.#options.minCopies && copies <= this.#limit &&
      hasBit(this.#copies.openable, pieceIndex);
  }

  #add(pieceIndex: number, copies: number): void {
    while (this.#buckets.length <= copies) this.#buckets.push([]);
    this.#buckets[copies]?.push(pieceIndex);
    setBit(this.#listed, pieceIndex);
    this.#length++;
  }

  /** Out of one bucket, where the last one takes its place, and into its own, if there is one. */
  #move(bucket: number[], at: number): void {
    const pieceIndex = bucket[at] as number;
    const last = bucket.pop() as number;
    if (at < bucket.length) bucket[at] = last;
    clearBit(this.#listed, pieceIndex);
    this.#length--;
    const copies = this.#copies.of(pieceIndex);
    if (this.#belongs(pieceIndex, copies)) this.#add(pieceIndex, copies);
  }
}
