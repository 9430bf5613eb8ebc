/**
 * Which of the missing pieces are rare, at a cost that hardly depends on how many there are.
 *
 * Nothing is sorted. A short list of the rarest pieces, about the square root of all (see front.ts),
 * answers for nearly every source. Of a source that has none of them, a sample as long is looked at: words
 * of 32 pieces, from anywhere, in an order that leads all over the torrent, past those that hold nothing
 * it has and we lack. Of a source with few pieces this finds all.
 *
 * | event                         | cost, of n pieces                                           |
 * | ----------------------------- | ----------------------------------------------------------- |
 * | HAVE; a piece opened, or back | O(1)                                                        |
 * | bitfield; its peer goes       | O(1) for each piece it has                                  |
 * | pick                          | a few looks; at most about the square root of n, and, for a |
 * |                               | source that has next to nothing of use, n / 32 words        |
 * | the front made anew           | O(n), once in about as many picks as the square root of n   |
 *
 * @module
 */
import { WORD_BYTES, wordsOf } from "../base/bits.ts";
import type { Copies } from "./copies.ts";
import { Front, type Holder } from "./front.ts";
import { Least } from "./least.ts";

/** How many pieces are looked at, at least, before less than the rarest will do. */
export const MIN_LOOKS = 256;

/** From word to word: a prime above any number of words, so that every word comes once. */
const WORD_STRIDE = 2_654_435_761;

/**
 * Pieces by how many incomplete peers have them; complete peers have all and are left out.
 *
 * @internal
 */
export class Rarity {
  readonly #copies: Copies;
  readonly #random: () => number;
  readonly #looks: number;
  /** For complete sources. */
  readonly #ofAll: Front;
  /** For incomplete ones, which have none of what nobody has. */
  readonly #ofHeld: Front;
  readonly #least = new Least();

  /** @param random in [0, 1) */
  constructor(copies: Copies, random: () => number) {
    this.#copies = copies;
    this.#random = random;
    this.#looks = Math.max(MIN_LOOKS, Math.ceil(Math.sqrt(copies.pieceCount)));
    this.#ofAll = new Front(copies, { length: this.#looks, minCopies: 0, random });
    this.#ofHeld = new Front(copies, { length: this.#looks, minCopies: 1, random });
  }

  /** How many pieces may be opened. */
  get size(): number {
    return this.#copies.openableCount;
  }

  /** How many incomplete peers have the piece. */
  availability(pieceIndex: number): number {
    return this.#copies.of(pieceIndex);
  }

  /** An incomplete peer has one piece more. */
  add(pieceIndex: number): void {
    this.#note(pieceIndex, this.#copies.add(pieceIndex));
  }

  /** An incomplete peer with these pieces comes: a bit per piece. */
  addAll(bits: Uint8Array): void {
    // Each of the pieces that nobody had may belong to the front now.
    if (this.#copies.openableWith(0) > 0) this.#ofHeld.clear();
    this.#copies.changeAll(bits, 1);
  }

  /** An incomplete peer with these pieces goes: a bit per piece. */
  removeAll(bits: Uint8Array): void {
    this.#copies.changeAll(bits, -1);
    this.#ofAll.lower();
    this.#ofHeld.lower();
  }

  /** The piece may not be opened any more. */
  close(pieceIndex: number): void {
    this.#copies.close(pieceIndex);
  }

  /** The piece may be opened (again). */
  reopen(pieceIndex: number): void {
    this.#copies.reopen(pieceIndex);
    this.#note(pieceIndex, this.#copies.of(pieceIndex));
  }

  /**
   * The rarest piece that the holder has and that may be opened, at random among equals; undefined when
   * there is none. Exactly so where fewer than MIN_LOOKS / 2 pieces of all are as rare, or it has no more
   * than MIN_LOOKS; else it may be but the rarest of a sample of so many of its pieces.
   */
  rarest(holder: Holder): number | undefined {
    const front = holder.isComplete ? this.#ofAll : this.#ofHeld;
    const found = front.pick(holder);
    if (found !== undefined || front.isWhole) return found;
    if (front.isWorn) {
      front.collect();
      const rarest = front.pick(holder);
      if (rarest !== undefined) return rarest;
    }
    return this.#sample(holder, this.#looks, (pieceIndex) => this.#copies.of(pieceIndex));
  }

  /** Any piece that the holder has and that may be opened, at random; undefined when there is none. */
  any(holder: Holder): number | undefined {
    return this.#sample(holder, 1, () => 0);
  }

  #note(pieceIndex: number, copies: number): void {
    this.#ofAll.note(pieceIndex, copies);
    this.#ofHeld.note(pieceIndex, copies);
  }

  /** The least by `rank` of so many of the holder's pieces, or a few more; of all, when it has no more. */
  #sample(holder: Holder, looks: number, rank: (pieceIndex: number) => number): number | undefined {
    const { openable } = this.#copies;
    const bits = holder.isComplete ? openable : holder.bits;
    if (bits === undefined) return undefined;
    const [theirs, ours] = [wordsOf(bits), wordsOf(openable)];
    const stride = WORD_STRIDE % theirs.length;
    let word = Math.floor(this.#random() * theirs.length);
    for (let step = 0, left = looks; step < theirs.length && left > 0; step++) {
      if (((theirs[word] as number) & (ours[word] as number)) !== 0) {
        left -= this.#offer(word, bits, rank);
      }
      word += stride;
      if (word >= theirs.length) word -= theirs.length;
    }
    return this.#least.take(this.#random);
  }

  /** Offers the pieces of one word. @returns how many */
  #offer(word: number, bits: Uint8Array, rank: (pieceIndex: number) => number): number {
    let count = 0;
    const end = Math.min((word + 1) * WORD_BYTES, bits.length);
    for (let at = word * WORD_BYTES; at < end; at++) {
      let byte = (bits[at] as number) & (this.#copies.openable[at] as number);
      for (; byte !== 0; count++) {
        const bit = 31 - Math.clz32(byte);
        const pieceIndex = at * 8 + 7 - bit;
        this.#least.offer(pieceIndex, rank(pieceIndex));
        byte &= ~(1 << bit);
      }
    }
    return count;
  }
}
