/**
 * What one peer delivers: every block to its one place, unless it is late, doubled or was never asked for.
 *
 * @module
 */
import { PeerError } from "../base/errors.ts";
import { BLOCK, type Ledger, type OpenPiece, type Run, type Source } from "../ledger.ts";
import type { PieceMessage } from "../peers/message.ts";
import { BLOCK_LENGTH } from "../torrent/geometry.ts";
import type { RequestQueue } from "./request_queue.ts";

/** Blocks that were never asked for, after which a peer is closed. */
const MAX_UNREQUESTED = 16;

/** A run of blocks that are all held now. */
export interface FullRun {
  /** Its blocks, in a buffer of the budget. */
  readonly run: Run;
  /** Whether no block of its piece is missing any more: then the piece is to be judged. */
  readonly endsPiece: boolean;
}

/** What the intakes of all peers share. */
export interface IntakeShared {
  readonly ledger: Ledger;
  /** A block is held: whoever else is asked for it need not send it. */
  cancel(piece: OpenPiece, block: number): void;
  /** Counts payload, of use or not. */
  count(kind: "useful" | "wasted", lengthBytes: number): void;
}

/** Takes the blocks of one peer. */
export class Intake {
  readonly #shared: IntakeShared;
  readonly #source: Source;
  readonly #queue: RequestQueue;
  #full: FullRun[] = [];
  #unrequested = 0;

  /** @param queue what the peer is asked for: answers are taken out of it */
  constructor(shared: IntakeShared, source: Source, queue: RequestQueue) {
    this.#shared = shared;
    this.#source = source;
    this.#queue = queue;
  }

  /** The runs that have become full since the last call. */
  take(): readonly FullRun[] {
    const full = this.#full;
    if (full.length > 0) this.#full = [];
    return full;
  }

  /**
   * Takes one block, which lies in the ledger's memory; its bytes are copied before this returns.
   *
   * @returns whether it was of use
   * @throws {PeerError} "protocol", when it is not what was requested
   */
  receive(message: Readonly<PieceMessage>): boolean {
    const { pieceIndex } = message;
    const block = message.begin / BLOCK_LENGTH;
    const asked = this.#queue.take(pieceIndex, block);
    if (asked !== undefined) return this.#receiveAsked(asked, block, message);
    if (this.#queue.takeReturned(pieceIndex, block)) return this.#receiveLate(block, message);
    return this.#countUnrequested(message.lengthBytes);
  }

  #receiveAsked(piece: OpenPiece, block: number, message: Readonly<PieceMessage>): boolean {
    const { ledger } = this.#shared;
    const { lengthBytes } = message;
    const isWhole = lengthBytes === ledger.geometry.requestLength(piece.pieceIndex, block);
    const isKept = isWhole && this.#keep(piece, block, message);
    ledger.unrequest(piece, block);
    if (!isWhole) {
      throw new PeerError(`Block of ${lengthBytes} bytes is not what was requested`, "protocol");
    }
    // Before end game, who was slower goes on with it: else it would have a part in the next run, too.
    if (ledger.isEndGame) this.#cancelOthers(piece, block);
    return isKept;
  }

  /** The answer to a request that was given up: of use if the block is still missing. */
  #receiveLate(block: number, message: Readonly<PieceMessage>): boolean {
    const { pieceIndex, lengthBytes } = message;
    const { ledger } = this.#shared;
    const piece = ledger.openPiece(pieceIndex);
    const isWanted = piece !== undefined && ledger.maySupply(piece, this.#source) &&
      lengthBytes === ledger.geometry.requestLength(pieceIndex, block);
    if (!isWanted) return this.#waste(lengthBytes);
    const isKept = this.#keep(piece, block, message);
    this.#cancelOthers(piece, block);
    return isKept;
  }

  /** Copies a block to its one place, if it is missing there. */
  #keep(piece: OpenPiece, block: number, { start, lengthBytes }: Readonly<PieceMessage>): boolean {
    const { ledger, count } = this.#shared;
    if (ledger.openPiece(piece.pieceIndex) !== piece || piece.states[block] === BLOCK.held) {
      return this.#waste(lengthBytes);
    }
    const place = ledger.place(piece, block);
    if (place === undefined) return this.#waste(lengthBytes);
    ledger.budget.memory.copy(place, start, lengthBytes);
    ledger.hold(piece, block, this.#source.id);
    count("useful", lengthBytes);
    const run = piece.runOf(block);
    if (!run.isFull) return true;
    ledger.budget.handOver(run);
    this.#full.push({ run, endsPiece: piece.isFull });
    return true;
  }

  #waste(lengthBytes: number): false {
    this.#shared.count("wasted", lengthBytes);
    return false;
  }

  /** The block is held: whoever else is still asked for it need not send it. */
  #cancelOthers(piece: OpenPiece, block: number): void {
    const isOpen = this.#shared.ledger.openPiece(piece.pieceIndex) === piece;
    if (isOpen && (piece.requesters[block] ?? 0) > 0) this.#shared.cancel(piece, block);
  }

  #countUnrequested(lengthBytes: number): false {
    this.#waste(lengthBytes);
    this.#unrequested++;
    if (this.#unrequested < MAX_UNREQUESTED) return false;
    throw new PeerError(
      `Peer sent ${this.#unrequested} blocks that were not requested`,
      "protocol",
    );
  }
}
