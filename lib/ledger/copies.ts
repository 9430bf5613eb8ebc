/**
 * How many copies there are of every piece, and how many whole ones: kept as holders change, never
 * counted anew.
 *
 * Two tables: for a piece, how many incomplete sources have it; and the other way about, for a number of
 * sources, how many pieces in each state have so many. Whatever changes by one copy, or from one state to
 * another, moves one piece by one place in the second. A source that has every piece stands in neither:
 * it is one whole copy more, and holdings.ts counts those.
 *
 * @module
 */
import { clearBit, countBits, fullBits, hasBit, setBit } from "../base/bits.ts";

/** What counts of the state of a piece: two bits, whether it may be opened and whether it is verified. */
const STATE = { open: 0, openable: 1, verified: 2 } as const;

/** Entries of the second table for each number of sources. */
const STATES = 4;

/**
 * Copies of each piece that incomplete sources and we have.
 *
 * @internal
 */
export class Copies {
  readonly pieceCount: number;
  /** A bit per piece: those that may be opened, being neither open nor verified. */
  readonly openable: Uint8Array;
  /** For a piece, how many incomplete sources have it. */
  readonly sources: Uint32Array;
  readonly #verified: Uint8Array;
  /** Index: a number of sources, times STATES, plus a state; the last number has no piece. */
  #pieces = new Int32Array(2 * STATES);
  #openableCount: number;
  /** No piece has fewer copies. */
  #least = 0;

  /**
   * No piece has a copy but ours; those that we have not may be opened.
   *
   * @param verified a bit per piece; whoever sets one later on says so to verify()
   */
  constructor(verified: Uint8Array, pieceCount: number) {
    const verifiedCount = countBits(verified);
    this.pieceCount = pieceCount;
    this.openable = fullBits(pieceCount);
    this.openable.forEach((byte, at, openable) => openable[at] = byte & ~(verified[at] ?? 0));
    this.#verified = verified;
    this.sources = new Uint32Array(pieceCount);
    this.#openableCount = pieceCount - verifiedCount;
    this.#pieces[STATE.openable] = this.#openableCount;
    this.#pieces[STATE.verified] = verifiedCount;
  }

  /** How many pieces may be opened. */
  get openableCount(): number {
    return this.#openableCount;
  }

  /** No piece has so many incomplete sources. */
  get maxSources(): number {
    return this.#pieces.length / STATES - 1;
  }

  /** Whole copies, ours counted: 2.25 means that every piece has two, and a quarter of them a third. */
  get whole(): number {
    if (this.pieceCount === 0) return 0;
    while (this.#piecesWith(this.#least) === 0) this.#least++;
    return this.#least + 1 - this.#piecesWith(this.#least) / this.pieceCount;
  }

  /** How many incomplete sources have the piece. */
  of(pieceIndex: number): number {
    return this.sources[pieceIndex] as number;
  }

  /** How many pieces that may be opened have so many incomplete sources. */
  openableWith(sources: number): number {
    return this.#at(sources, STATE.openable);
  }

  /** An incomplete source has one piece more. @returns how many have it now */
  add(pieceIndex: number): number {
    const sources = this.of(pieceIndex) + 1;
    this.sources[pieceIndex] = sources;
    const state = this.#stateOf(pieceIndex);
    this.#change(sources - 1, state, -1);
    this.#change(sources, state, 1);
    if (sources === this.maxSources) this.#grow();
    return sources;
  }

  /** An incomplete source with these pieces comes or goes: a bit per piece. */
  changeAll(bits: Uint8Array, change: 1 | -1): void {
    const [sources, pieces] = [this.sources, this.#pieces];
    for (let at = 0; at < bits.length; at++) {
      let byte = bits[at] as number;
      const [openable, verified] = [this.openable[at] as number, this.#verified[at] as number];
      while (byte !== 0) {
        const bit = 31 - Math.clz32(byte);
        const pieceIndex = at * 8 + 7 - bit;
        const before = sources[pieceIndex] as number;
        sources[pieceIndex] = before + change;
        const state = ((openable >>> bit) & 1) + ((verified >>> bit) & 1) * STATE.verified;
        const from = before * STATES + state;
        pieces[from] = (pieces[from] as number) - 1;
        const to = from + change * STATES;
        pieces[to] = (pieces[to] as number) + 1;
        byte &= ~(1 << bit);
      }
    }
    if (this.#isFull()) this.#grow();
    this.#least = Math.max(this.#least + Math.min(change, 0), 0);
  }

  /** The piece may not be opened any more, where it might. */
  close(pieceIndex: number): void {
    if (!hasBit(this.openable, pieceIndex)) return;
    clearBit(this.openable, pieceIndex);
    this.#openableCount--;
    this.#move(pieceIndex, STATE.openable, STATE.open);
  }

  /** The piece may be opened again, where it might not. */
  reopen(pieceIndex: number): void {
    if (hasBit(this.openable, pieceIndex)) return;
    setBit(this.openable, pieceIndex);
    this.#openableCount++;
    this.#move(pieceIndex, STATE.open, STATE.openable);
  }

  /** We have the piece now, which was closed: its bit among the verified is set. */
  verify(pieceIndex: number): void {
    this.#move(pieceIndex, STATE.open, STATE.verified);
  }

  #move(pieceIndex: number, from: number, to: number): void {
    this.#change(this.of(pieceIndex), from, -1);
    this.#change(this.of(pieceIndex), to, 1);
  }

  #stateOf(pieceIndex: number): number {
    if (hasBit(this.openable, pieceIndex)) return STATE.openable;
    return hasBit(this.#verified, pieceIndex) ? STATE.verified : STATE.open;
  }

  /** How many pieces have so many copies, ours counted. */
  #piecesWith(copies: number): number {
    return this.#at(copies, STATE.open) + this.#at(copies, STATE.openable) +
      this.#at(copies - 1, STATE.verified);
  }

  #at(sources: number, state: number): number {
    return this.#pieces[sources * STATES + state] ?? 0;
  }

  #change(sources: number, state: number, change: 1 | -1): void {
    this.#pieces[sources * STATES + state] = this.#at(sources, state) + change;
  }

  /** Whether a piece has as many sources as there is room for. */
  #isFull(): boolean {
    return this.#pieces.subarray(-STATES).some((pieces) => pieces > 0);
  }

  #grow(): void {
    const grown = new Int32Array(this.#pieces.length * 2);
    grown.set(this.#pieces);
    this.#pieces = grown;
  }
}
