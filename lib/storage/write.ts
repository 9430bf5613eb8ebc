/**
 * The last stage of the pipeline: pieces to files, and the record of which are there.
 *
 * @module
 */
import type { Ledger } from "../ledger.ts";
import type { Piece } from "../pieces/assemble.ts";
import type { Store } from "./store.ts";

/** What writePieces() works with. */
export interface WriteOptions {
  /** Told of every piece once it is recorded. */
  readonly ledger: Ledger;
  /** Borrowed; its check() has been run to the end. */
  readonly store: Store;
}

/**
 * Stores every piece, records it, and yields the indices of each batch once they count as verified.
 *
 * @throws {StorageError}
 */
export async function* writePieces(
  pieces: AsyncIterable<readonly Piece[]>,
  { ledger, store }: WriteOptions,
): AsyncGenerator<readonly number[], void, undefined> {
  for await (const batch of pieces) {
    for (const { pieceIndex, bytes } of batch) {
      if (bytes !== undefined) store.write(ledger.geometry.pieceOffset(pieceIndex), bytes);
    }
    const pieceIndices = batch.map((piece) => piece.pieceIndex);
    store.recordVerified(pieceIndices);
    for (const { piece } of batch) ledger.verify(piece);
    yield pieceIndices;
  }
}
