/**
 * The end of a run that is not complete: what is held of unfinished pieces is kept for the next one.
 *
 * @module
 */
import { emptyBits, setBit } from "../base/bits.ts";
import { BLOCK, type Ledger, LOCAL_SOURCE, type OpenPiece, type SourceId } from "../ledger.ts";
import { BLOCK_LENGTH } from "../torrent/geometry.ts";
import type { Store } from "./store.ts";

/**
 * Stores and records the blocks of open pieces, and makes everything recorded last. Blocks of liars are
 * left out: the next run could not tell whose they were.
 *
 * @throws {StorageError}
 */
export async function saveOpenPieces(
  ledger: Ledger,
  store: Store,
  isLiar: (source: SourceId) => boolean,
): Promise<void> {
  ledger.closeAll((piece) => {
    const held = emptyBits(piece.blockCount);
    for (let block = 0; block < piece.blockCount; block++) {
      if (piece.states[block] !== BLOCK.held || isLiar(piece.sourceOf[block] ?? LOCAL_SOURCE)) {
        continue;
      }
      setBit(held, block);
      if (piece.buffer !== undefined) storeBlock(piece, block, piece.buffer);
    }
    store.recordPartial(piece.pieceIndex, held);
  });
  await store.sync();

  function storeBlock(piece: OpenPiece, block: number, buffer: Uint8Array): void {
    const begin = block * BLOCK_LENGTH;
    const bytes = buffer.subarray(begin, begin + BLOCK_LENGTH);
    store.write(ledger.geometry.pieceOffset(piece.pieceIndex) + begin, bytes);
  }
}
