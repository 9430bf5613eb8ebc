/**
 * The fourth stage of the pipeline: blocks to pieces that match their hash.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Block } from "../blocks/request.ts";
import type { Ledger, OpenPiece, SourceId } from "../ledger.ts";
import { BLOCK_LENGTH } from "../torrent/geometry.ts";
import { Blame } from "./blame.ts";

/** Bytes of a SHA-1 digest. */
const HASH_LENGTH = 20;

/** How much of a piece on disk is read at once: whole blocks. */
const READ_BYTES = 64 * BLOCK_LENGTH;

/** A piece that matches its hash, not yet recorded as stored. */
export interface Piece {
  /** From 0, in the torrent's order. */
  readonly pieceIndex: number;
  /** Its entry in the ledger, to be settled by verify(). */
  readonly piece: OpenPiece;
  /** Its bytes, to be written; undefined when its blocks were written as they came. */
  readonly bytes: Uint8Array | undefined;
}

/** What assemblePieces() works with. */
export interface AssembleOptions {
  /** Told of pieces that are wrong; those that are right are for the next stage to settle. */
  readonly ledger: Ledger;
  /** SHA-1 of every piece, 20 bytes each. */
  readonly pieceHashes: Uint8Array;
  /** Reads back what was written in place; offsets in the torrent. */
  readonly source: { read(offset: number, into: Uint8Array): Promise<void> };
  /** Told who sent wrong blocks for certain. */
  readonly onGuilty: (sources: readonly SourceId[]) => void;
  /** Told of a piece that was wrong, before it goes back. */
  readonly onCorrupt: (piece: OpenPiece) => void;
  /** Ends the reading back of a piece. */
  readonly signal: AbortSignal;
}

/**
 * Yields the pieces that each batch of blocks completes and whose hash is right. The others go back to be
 * fetched again, with blame.
 *
 * @throws {StorageError} when a piece cannot be read back; the signal's reason
 */
export async function* assemblePieces(
  blocks: AsyncIterable<readonly Block[]>,
  options: AssembleOptions,
): AsyncGenerator<readonly Piece[], void, undefined> {
  const assembler = new Assembler(options);
  for await (const batch of blocks) {
    const pieces: Piece[] = [];
    for (const { piece, completesPiece } of batch) {
      if (!completesPiece) continue;
      // Nothing is awaited for a piece in memory: a hop for each would cost more than its hash.
      const isRight = piece.buffer !== undefined
        ? assembler.checkBuffer(piece, piece.buffer)
        : await assembler.checkStored(piece);
      const { pieceIndex, buffer } = piece;
      if (isRight) pieces.push({ pieceIndex, piece, bytes: buffer });
    }
    if (pieces.length > 0) yield pieces;
  }
}

class Assembler {
  readonly #options: AssembleOptions;
  readonly #blame = new Blame();
  #readBuffer: Uint8Array<ArrayBuffer> | undefined;

  constructor(options: AssembleOptions) {
    this.#options = options;
  }

  /** Checks a piece in memory. */
  checkBuffer(piece: OpenPiece, buffer: Uint8Array): boolean {
    const isRight = this.#matches(piece, createHash("sha1").update(buffer).digest());
    if (isRight && !this.#blame.isWaitingFor(piece.pieceIndex)) return true;
    this.#judge(piece, isRight, digestBlocks(buffer));
    return isRight;
  }

  /** Checks a piece whose blocks were written as they came. */
  async checkStored(piece: OpenPiece): Promise<boolean> {
    const hash = createHash("sha1");
    for await (const part of this.#parts(piece)) hash.update(part);
    const isRight = this.#matches(piece, hash.digest());
    if (isRight && !this.#blame.isWaitingFor(piece.pieceIndex)) return true;
    const digests: string[] = [];
    for await (const part of this.#parts(piece)) digests.push(...digestBlocks(part));
    this.#judge(piece, isRight, digests);
    return isRight;
  }

  #judge(piece: OpenPiece, isRight: boolean, digests: readonly string[]): void {
    const { ledger, onGuilty, onCorrupt } = this.#options;
    if (isRight) return onGuilty(this.#blame.accept(piece.pieceIndex, digests));
    const { guilty, suspects } = this.#blame.reject(piece, digests);
    onCorrupt(piece);
    ledger.reject(piece, suspects);
    onGuilty(guilty);
  }

  async *#parts(piece: OpenPiece): AsyncGenerator<Uint8Array, void, undefined> {
    const { ledger: { geometry }, source, signal } = this.#options;
    const pieceLength = geometry.pieceLength(piece.pieceIndex);
    this.#readBuffer ??= new Uint8Array(Math.min(READ_BYTES, geometry.maxPieceLength));
    for (let begin = 0; begin < pieceLength; begin += READ_BYTES) {
      signal.throwIfAborted();
      const part = this.#readBuffer.subarray(0, pieceLength - begin);
      await source.read(geometry.pieceOffset(piece.pieceIndex) + begin, part);
      yield part;
    }
  }

  #matches({ pieceIndex }: OpenPiece, digest: Uint8Array): boolean {
    const start = pieceIndex * HASH_LENGTH;
    return digest.every((byte, index) => byte === this.#options.pieceHashes[start + index]);
  }
}

/** A digest of each block, in order. */
function digestBlocks(bytes: Uint8Array): string[] {
  const digests: string[] = [];
  for (let begin = 0; begin < bytes.length; begin += BLOCK_LENGTH) {
    const block = bytes.subarray(begin, begin + BLOCK_LENGTH);
    digests.push(createHash("sha1").update(block).digest("base64"));
  }
  return digests;
}
