/**
 * What one peer is asked for and has not answered, in the order of asking.
 *
 * @module
 */
import { PeerError } from "../base/errors.ts";
import type { OpenPiece } from "../ledger.ts";

/** The most requests that any peer is asked at once, whatever it says it takes. */
export const MAX_REQUESTS = 2000;

/** How many returned requests are remembered, so that a late answer is known as one. */
const MAX_RETURNED = 2 * MAX_REQUESTS;

/** How many places of answered requests are left to be, where that costs nothing else. */
const MIN_TRIM = 32;

/** More blocks than the 32 bits of a peer's `begin` can name. */
const BLOCKS_PER_PIECE = 2 ** 18;

/** One request: a block of an open piece. */
export interface Request {
  readonly piece: OpenPiece;
  readonly block: number;
}

/** Outstanding requests, first in, first out as most peers answer, and those that were given up. */
export class RequestQueue {
  /** Undefined before #head. */
  #pieces: (OpenPiece | undefined)[] = [];
  #blocks: number[] = [];
  #head = 0;
  /** How many times each block was given up, last the one that was so last. */
  readonly #returned = new Map<number, number>();

  /** How many requests are outstanding. */
  get length(): number {
    return this.#pieces.length - this.#head;
  }

  /** The request that was made first, of those that are outstanding. */
  get oldest(): Request | undefined {
    const [piece, block] = [this.#pieces[this.#head], this.#blocks[this.#head]];
    return piece === undefined || block === undefined ? undefined : { piece, block };
  }

  /** Adds a request that was sent. */
  push(piece: OpenPiece, block: number): void {
    this.#pieces.push(piece);
    this.#blocks.push(block);
  }

  /** Whether the block is outstanding. */
  has(pieceIndex: number, block: number): boolean {
    return this.#find(pieceIndex, block) !== -1;
  }

  /** Takes out an outstanding request, of which the answer has come; undefined when it is none. */
  take(pieceIndex: number, block: number): OpenPiece | undefined {
    const at = this.#find(pieceIndex, block);
    return at === -1 ? undefined : this.#removeAt(at);
  }

  /**
   * Takes out a request that the peer rejects; undefined when it was given up before.
   *
   * @throws {PeerError} "protocol", when there was none
   */
  reject(pieceIndex: number, block: number): OpenPiece | undefined {
    const piece = this.take(pieceIndex, block);
    if (piece !== undefined || this.takeReturned(pieceIndex, block)) return piece;
    throw new PeerError("Peer rejects what it was not asked for", "protocol");
  }

  /** Takes out an outstanding request that was cancelled: its answer may still come. */
  giveUp(pieceIndex: number, block: number): OpenPiece | undefined {
    const piece = this.take(pieceIndex, block);
    if (piece !== undefined) this.#remember(pieceIndex, block);
    return piece;
  }

  /** Takes out what is outstanding of pieces that the peer has lost or keeps back: answers may still come. */
  giveUpPieces(isLost: (piece: OpenPiece) => boolean): readonly Request[] {
    const lost: Request[] = [];
    for (let at = this.#head; at < this.#pieces.length; at++) {
      const [piece, block] = [this.#pieces[at], this.#blocks[at]];
      if (piece === undefined || block === undefined) continue;
      if (isLost(piece)) lost.push({ piece, block });
    }
    for (const { piece, block } of lost) this.giveUp(piece.pieceIndex, block);
    return lost;
  }

  /** Takes out everything: the peer stalls or has gone. Answers may still come. */
  giveUpAll(): readonly Request[] {
    return this.giveUpBeyond(0);
  }

  /** Takes out all but the first `length`. Answers may still come. */
  giveUpBeyond(length: number): readonly Request[] {
    const requests: Request[] = [];
    const from = this.#head + length;
    for (let at = from; at < this.#pieces.length; at++) {
      const piece = this.#pieces[at] as OpenPiece;
      const block = this.#blocks[at] as number;
      requests.push({ piece, block });
      this.#remember(piece.pieceIndex, block);
    }
    this.#pieces.splice(from);
    this.#blocks.splice(from);
    return requests;
  }

  /** Takes out a request that was given up: false when there was none on this connection, or all were taken. */
  takeReturned(pieceIndex: number, block: number): boolean {
    const key = pieceIndex * BLOCKS_PER_PIECE + block;
    const times = this.#returned.get(key) ?? 0;
    if (times > 1) this.#returned.set(key, times - 1);
    else this.#returned.delete(key);
    return times > 0;
  }

  #remember(pieceIndex: number, block: number): void {
    const key = pieceIndex * BLOCKS_PER_PIECE + block;
    const times = (this.#returned.get(key) ?? 0) + 1;
    // Out and in again, to stand among the newest.
    this.#returned.delete(key);
    this.#returned.set(key, times);
    if (this.#returned.size <= MAX_RETURNED) return;
    const [oldest] = this.#returned.keys();
    if (oldest !== undefined) this.#returned.delete(oldest);
  }

  #find(pieceIndex: number, block: number): number {
    for (let at = this.#head; at < this.#pieces.length; at++) {
      if (this.#blocks[at] === block && this.#pieces[at]?.pieceIndex === pieceIndex) return at;
    }
    return -1;
  }

  #removeAt(at: number): OpenPiece | undefined {
    const piece = this.#pieces[at];
    if (at === this.#head) {
      // Else up to MAX_REQUESTS pieces that are done would be kept in memory.
      this.#pieces[at] = undefined;
      this.#head++;
    } else {
      this.#pieces.splice(at, 1);
      this.#blocks.splice(at, 1);
    }
    if (this.#head >= (this.length === 0 ? MIN_TRIM : MAX_REQUESTS)) this.#trim();
    return piece;
  }

  /** Drops the places of what was answered, now and then: amortised, an answer in order costs O(1). */
  #trim(): void {
    this.#pieces.splice(0, this.#head);
    this.#blocks.splice(0, this.#head);
    this.#head = 0;
  }
}
