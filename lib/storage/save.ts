/**
 * The end of a run that is not complete: what is held of unfinished pieces is kept for the next one.
 *
 * @module
 */
import { emptyBits, setBit } from "../base/bits.ts";
import { BLOCK, type Ledger, LOCAL_SOURCE, type SourceId } from "../ledger.ts";
import type { RunBytes, Store } from "./store.ts";
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
  const runs: RunBytes[] = [];
  const partial = new Map<number, Uint8Array>();
  ledger.closeAll((piece) => {
    for (const run of piece.runs) {
      if (run.start === undefined) continue;
      for (const part of partsOf(ledger, run, (source) => !isLiar(source))) {
        runs.push({ ...part, endsPiece: false });
      }
    }
    const held = emptyBits(piece.blockCount);
    piece.states.forEach((state, block) => {
      const isOurs = state === BLOCK.held && !isLiar(piece.sourceOf[block] ?? LOCAL_SOURCE);
      if (isOurs) setBit(held, block);
    });
    partial.set(piece.pieceIndex, held);
  });
  if (runs.length > 0) await store.put(runs);
  for (const [pieceIndex, held] of partial) await store.recordPartial(pieceIndex, held);
  await store.sync();
}
