/**
 * The requests to one peer, in the three places where each is known: what it has not answered, what the
 * ledger has booked, and what the peer was told.
 *
 * @module
 */
import type { Ledger, OpenPiece } from "../ledger.ts";
import type { Outbox } from "../peers/outbox.ts";
import { BLOCK_LENGTH } from "../torrent/geometry.ts";
import { type Request, RequestQueue } from "./request_queue.ts";

/**
 * A request that is the oldest for so long, in milliseconds, was overtaken by others, since nobody may be
 * silent for that long. Most likely it was dropped: its block would never come.
 */
const MAX_OLDEST_MS = 30_000;

/** Keeps the three in step. */
export class Requests {
  /** What the peer has not answered; who takes an answer out of it tells the ledger. */
  readonly queue = new RequestQueue();
  readonly #ledger: Ledger;
  readonly #outbox: Outbox;
  #oldest: Request | undefined;
  #oldestSinceMs = 0;

  /** @param outbox to the peer */
  constructor(ledger: Ledger, outbox: Outbox) {
    this.#ledger = ledger;
    this.#outbox = outbox;
  }

  /** Asks for a block that the ledger has booked for this peer. */
  ask(piece: OpenPiece, block: number): void {
    this.queue.push(piece, block);
    const { pieceIndex } = piece;
    const lengthBytes = this.#ledger.geometry.requestLength(pieceIndex, block);
    this.#outbox.request(pieceIndex, block * BLOCK_LENGTH, lengthBytes);
  }

  /** Takes a request back, if there is one. @returns whether there was */
  cancel(piece: OpenPiece, block: number): boolean {
    if (this.queue.giveUp(piece.pieceIndex, block) === undefined) return false;
    this.#cancelled(piece, block);
    return true;
  }

  /** Takes all back but those that were made first, of which so many stay. */
  cancelBeyond(length: number): void {
    for (const { piece, block } of this.queue.giveUpBeyond(length)) this.#cancelled(piece, block);
  }

  /** Takes back what the peer passes over while it answers others. */
  cancelOvertaken(nowMs: number): void {
    const { oldest } = this.queue;
    if (oldest === undefined || !isSame(oldest, this.#oldest)) {
      this.#oldest = oldest;
      this.#oldestSinceMs = nowMs;
    } else if (nowMs - this.#oldestSinceMs > MAX_OLDEST_MS) {
      this.#oldest = undefined;
      this.cancel(oldest.piece, oldest.block);
    }
  }

  /** That nothing was answered up to now is not the peer's doing. */
  excuse(nowMs: number): void {
    this.#oldestSinceMs = nowMs;
  }

  /**
   * The peer will not answer a request (BEP 6).
   *
   * @returns whether it was still wanted
   * @throws {PeerError} "protocol", when there was none
   */
  rejected(pieceIndex: number, block: number): boolean {
    const piece = this.queue.reject(pieceIndex, block);
    if (piece === undefined) return false;
    // Where the peer was to fetch the piece alone, nobody else would ever be asked for it.
    piece.soleSource = undefined;
    this.#ledger.unrequest(piece, block);
    return true;
  }

  /** The peer has lost the piece: nothing of it will come, though answers may still be on their way. */
  lostPiece(pieceIndex: number): void {
    this.#lost((piece) => piece.pieceIndex === pieceIndex);
  }

  /** The peer has choked us: it answers, or rejects, what it allows all the same (BEP 6), and nothing else. */
  choked(allowed: ReadonlySet<number>): void {
    // One with suspects is for somebody who serves.
    this.#lost((piece) => !allowed.has(piece.pieceIndex) || piece.suspects !== undefined);
  }

  /** The peer answers nothing any more: it stalls or has gone. */
  lostAll(): void {
    this.#oldest = undefined;
    for (const { piece, block } of this.queue.giveUpAll()) this.#ledger.unrequest(piece, block);
  }

  #lost(isLost: (piece: OpenPiece) => boolean): void {
    for (const { piece, block } of this.queue.giveUpPieces(isLost)) {
      this.#ledger.unrequest(piece, block);
    }
  }

  #cancelled(piece: OpenPiece, block: number): void {
    this.#ledger.unrequest(piece, block);
    const { pieceIndex } = piece;
    const lengthBytes = this.#ledger.geometry.requestLength(pieceIndex, block);
    this.#outbox.cancel(pieceIndex, block * BLOCK_LENGTH, lengthBytes);
  }
}

function isSame(one: Request, other: Request | undefined): boolean {
  return one.piece === other?.piece && one.block === other.block;
}
