/**
 * The end of a run that is not complete: what is held of unfinished pieces is kept for the next one.
 *
 * @module
 */
import { emptyBits, setBit } from "../base/bits.ts";
import { BLOCK, type Ledger, LOCAL_SOURCE, type SourceId } from "../ledger.ts";
import type { Store } from "./store.ts";
import { partsOf } from "./store_blocks.ts";

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
  const saving: Promise<unknown>[] = [];
  ledger.closeAll((piece) => {
    for (const run of piece.runs) {
      if (run.start === undefined) continue;
      for (const part of partsOf(ledger, run, (source) => !isLiar(source))) {
        saving.push(store.put({ ...part, endsPiece: false }));
      }
    }
    const held = emptyBits(piece.blockCount);
    piece.states.forEach((state, block) => {
      const isOurs = state === BLOCK.held && !isLiar(piece.sourceOf[block] ?? LOCAL_SOURCE);
      if (isOurs) setBit(held, block);
    });
    saving.push(store.recordPartial(piece.pieceIndex, held));
  });
  await Promise.all(saving);
  await store.sync();
}
