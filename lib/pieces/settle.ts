/**
 * The last stage of the pipeline: pieces whose hash is known are verified, or go back with blame.
 *
 * @module
 */
import type { Ledger, OpenPiece, SourceId } from "../ledger.ts";
import type { HashedPiece } from "../storage/store_blocks.ts";
import { Blame } from "./blame.ts";

/** What settlePieces() works with. */
export interface SettleOptions {
  /** Told of every piece. */
  readonly ledger: Ledger;
  /** Tells the digests of a piece's blocks, once it is right. */
  readonly store: { digests(pieceIndex: number): Promise<readonly string[]> };
  /** Told who sent wrong blocks for certain. */
  readonly onGuilty: (sources: readonly SourceId[]) => void;
  /** Told of a piece that was wrong, before it goes back. */
  readonly onCorrupt: (piece: OpenPiece) => void;
}

/**
 * Yields the indices of each batch's pieces that are right, once they count as verified. The others go
 * back to be fetched again.
 *
 * @throws {StorageError} when a piece cannot be read back to find out who lied
 */
export async function* settlePieces(
  batches: AsyncIterable<readonly HashedPiece[]>,
  options: SettleOptions,
): AsyncGenerator<readonly number[], void, undefined> {
  const { ledger, store, onGuilty, onCorrupt } = options;
  const blame = new Blame();
  for await (const batch of batches) {
    const pieceIndices: number[] = [];
    for (const { piece, outcome } of batch) {
      const { pieceIndex } = piece;
      if (outcome.kind === "right") {
        if (blame.isWaitingFor(pieceIndex)) {
          onGuilty(blame.accept(pieceIndex, await store.digests(pieceIndex)));
        }
        ledger.verify(piece);
        pieceIndices.push(pieceIndex);
      } else {
        const { guilty, suspects } = blame.reject(piece, outcome.digests);
        onCorrupt(piece);
        ledger.reject(piece, suspects);
        onGuilty(guilty);
      }
    }
    if (pieceIndices.length > 0) yield pieceIndices;
  }
}
