/**
 * What one peer delivers: every block to its one place, unless it is late, doubled or was never asked for.
 *
 * @module
 */
import { PeerError } from "../base/errors.ts";
import { BLOCK, type Ledger, type OpenPiece, type Source } from "../ledger.ts";
import { BLOCK_LENGTH } from "../torrent/geometry.ts";
import type { RequestQueue } from "./request_queue.ts";

/** Blocks that were never asked for, after which a peer is closed. */
const MAX_UNREQUESTED = 16;

/** One block that has come and is held. */
export interface Block {
  /** Its entry in the ledger. */
  readonly piece: OpenPiece;
  /** Counted from 0 in its piece, in units of BLOCK_LENGTH. */
  readonly block: number;
  /** The peer it came from, for blame. */
  readonly source: Source;
  /** Whether it was the last one of its piece. */
  readonly completesPiece: boolean;
}

/** What the intakes of all peers share. */
export interface IntakeShared {
  readonly ledger: Ledger;
  /** Where blocks go whose piece is not in memory; offsets in the torrent. */
  readonly sink: { write(offset: number, bytes: Uint8Array): void };
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
  #kept: Block[] = [];
  #unrequested = 0;

  /** @param queue what the peer is asked for: answers are taken out of it */
  constructor(shared: IntakeShared, source: Source, queue: RequestQueue) {
    this.#shared = shared;
    this.#source = source;
    this.#queue = queue;
  }

  /** The blocks kept since the last call. */
  take(): readonly Block[] {
    const kept = this.#kept;
    if (kept.length > 0) this.#kept = [];
    return kept;
  }

  /**
   * Takes one block; its bytes are copied, or written, before this returns.
   *
   * @throws {PeerError} "protocol", when it is not what was requested
   * @throws {StorageError} when it cannot be written
   */
  receive(pieceIndex: number, begin: number, bytes: Uint8Array): void {
    const block = begin / BLOCK_LENGTH;
    const asked = this.#queue.take(pieceIndex, block);
    if (asked !== undefined) this.#receiveAsked(asked, block, bytes);
    else if (this.#queue.takeReturned(pieceIndex, block)) {
      this.#receiveLate(pieceIndex, block, bytes);
    } else this.#countUnrequested(bytes.length);
  }

  #receiveAsked(piece: OpenPiece, block: number, bytes: Uint8Array): void {
    const { ledger } = this.#shared;
    const isWhole = bytes.length === ledger.geometry.requestLength(piece.pieceIndex, block);
    if (isWhole) this.#keep(piece, block, bytes);
    ledger.unrequest(piece, block);
    if (!isWhole) {
      throw new PeerError(`Block of ${bytes.length} bytes is not what was requested`, "protocol");
    }
    this.#cancelOthers(piece, block);
  }

  /** The answer to a request that was given up: of use if the block is still missing. */
  #receiveLate(pieceIndex: number, block: number, bytes: Uint8Array): void {
    const { ledger, count } = this.#shared;
    const piece = ledger.openPiece(pieceIndex);
    const isWanted = piece !== undefined && ledger.maySupply(piece, this.#source) &&
      bytes.length === ledger.geometry.requestLength(pieceIndex, block);
    if (!isWanted) return count("wasted", bytes.length);
    this.#keep(piece, block, bytes);
    this.#cancelOthers(piece, block);
  }

  /** Copies a block to its one place, in its piece's buffer or on disk, if it is missing there. */
  #keep(piece: OpenPiece, block: number, bytes: Uint8Array): void {
    const { ledger, sink, count } = this.#shared;
    if (ledger.openPiece(piece.pieceIndex) !== piece || piece.states[block] === BLOCK.held) {
      return count("wasted", bytes.length);
    }
    const begin = block * BLOCK_LENGTH;
    if (piece.buffer !== undefined) piece.buffer.set(bytes, begin);
    else sink.write(ledger.geometry.pieceOffset(piece.pieceIndex) + begin, bytes);
    ledger.hold(piece, block, this.#source.id);
    count("useful", bytes.length);
    this.#kept.push({ piece, block, source: this.#source, completesPiece: piece.isFull });
  }

  /** The block is held: whoever else is still asked for it need not send it. */
  #cancelOthers(piece: OpenPiece, block: number): void {
    const isOpen = this.#shared.ledger.openPiece(piece.pieceIndex) === piece;
    if (isOpen && (piece.requesters[block] ?? 0) > 0) this.#shared.cancel(piece, block);
  }

  #countUnrequested(lengthBytes: number): void {
    this.#shared.count("wasted", lengthBytes);
    this.#unrequested++;
    if (this.#unrequested < MAX_UNREQUESTED) return;
    throw new PeerError(
      `Peer sent ${this.#unrequested} blocks that were not requested`,
      "protocol",
    );
  }
}
